// What need not be tried: what surely can't fit by the memory model, and what asks for at least as much as something
// that failed (search.md, 1).
import type { Configuration } from "@ozone/proto/configuration";
import { kvBytesPerElement, SURELY_ABOVE } from "@ozone/shared/memory-model";
import type { SearchModel, SearchState } from "../strategy.ts";
import type { Seen } from "./evidence.ts";
import type { AxisName, Space, SpacePoint } from "./space.ts";

/** Axes along which a higher level needs more memory, or more time: a failure holds above as well. */
const DEMANDING: ReadonlySet<AxisName> = new Set([
  "numCtx",
  "numBatch",
  "kvCacheType",
  "concurrency",
  "numGpu",
]);
/** More layers on the GPU need more of its memory and less of the machine's: only alike ones are compared. */
const MEMORY_FAILURES: ReadonlySet<string> = new Set(["out_of_memory_load", "out_of_memory_run"]);
const GROWING_FAILURES: ReadonlySet<string> = new Set([
  ...MEMORY_FAILURES,
  "request_timeout",
  "load_timeout",
]);
/** What was too much with a larger batch says nothing of so much more than it needed without its buffers. */
const BUFFERS_APART = 1.3;
/** So close below the least that failed for memory a point is not worth the failure. */
const TOO_CLOSE = 0.97;

/** Weights and cache in bytes by the plain model; 0 when nothing is known. */
export function needBytes(model: SearchModel, { numCtx, concurrency, kvCacheType }: Configuration): number {
  let elementBytes = 2;
  try {
    elementBytes = kvBytesPerElement(kvCacheType || "f16");
  } catch {
    // A type that only this server knows: believed to be f16.
  }
  return model.weightBytes + (model.kvBytesPerToken * elementBytes * numCtx * Math.max(1, concurrency)) / 2;
}

const growsFrom = (seen: Seen): boolean => seen.failures.some((failure) => GROWING_FAILURES.has(failure));

/** Whether `point` asks for at least as much as `failed` on every demanding axis, all else equal or ignored. */
function dominates(space: Space, point: SpacePoint, failed: SpacePoint): boolean {
  return space.axes.every(({ name }, axis) => {
    const [here, there] = [point.levels[axis] ?? 0, failed.levels[axis] ?? 0];
    return DEMANDING.has(name) ? here >= there : name === "flashAttention" ? here === there : true;
  });
}

/** A combination of KV-cache type and flash attention that failed without being short of memory fails everywhere. */
const combinationOf = ({ configuration }: SpacePoint): string =>
  `${configuration.kvCacheType} ${configuration.flashAttention}`;

/** Tells whether a point is worth trying. */
export function feasibility(
  state: SearchState,
  space: Space,
  seen: ReadonlyMap<string, Seen>,
): (point: SpacePoint) => boolean {
  const failed: SpacePoint[] = [];
  const worked = new Set<string>();
  const broken = new Map<string, number>();
  const tooMuch: { bytes: number; numBatch: number }[] = [];
  for (const [key, one] of seen) {
    const point = space.byKey.get(key);
    if (!point) continue;
    if (one.figures) worked.add(combinationOf(point));
    else if (growsFrom(one)) failed.push(point);
    else if (one.failures.length > 0)
      broken.set(combinationOf(point), (broken.get(combinationOf(point)) ?? 0) + 1);
    if (!one.figures && one.failures.some((failure) => MEMORY_FAILURES.has(failure))) {
      tooMuch.push({
        bytes: needBytes(state.model, point.configuration),
        numBatch: point.configuration.numBatch,
      });
    }
  }
  const limit = state.machine.memoryBytes === null ? Number.POSITIVE_INFINITY : state.machine.memoryBytes;
  const modelled = state.model.kvBytesPerToken > 0;
  return (point) => {
    const need = needBytes(state.model, point.configuration);
    if (modelled && need > SURELY_ABOVE * limit) return false;
    if (modelled && !hasGpuAxis(space) && tooMuch.some((one) => isTooClose(point, need, one))) return false;
    if (!worked.has(combinationOf(point)) && broken.has(combinationOf(point))) return false;
    return !failed.some((one) => dominates(space, point, one));
  };
}

/** The plain model leaves the buffers of a batch out: as much with a smaller batch is another thing. */
const isTooClose = (
  { configuration }: SpacePoint,
  need: number,
  failed: { bytes: number; numBatch: number },
): boolean => need >= (configuration.numBatch < failed.numBatch ? BUFFERS_APART : TOO_CLOSE) * failed.bytes;

/** With layers split between GPU and RAM one number says nothing of the memory that ran out. */
const hasGpuAxis = ({ axes }: Space): boolean => axes.some(({ name }) => name === "numGpu");
