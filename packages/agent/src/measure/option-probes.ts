// Which options of an attempt can't be seen, what to try instead, and what the tries say. Pure.
//
// Ollama shows neither num_batch nor num_thread nor the type of its KV cache. What can be seen is whether another
// value makes it load the model again, as it must, and how the model's size follows the context.
import type { Configuration } from "@ozone/proto/configuration";
import { estimateMemory } from "@ozone/shared/memory-model";
import type { ModelArchitecture } from "@ozone/shared/model-architecture";
import type { EffectiveSettings } from "../ollama/engine-state.ts";

/** Load-time options that can be tried. */
export type TriedOption = "num_thread" | "num_gpu" | "num_batch" | "num_ctx";

/** One option set to another value. */
export interface OptionTry {
  readonly option: TriedOption;
  readonly from: number;
  readonly to: number;
}

/** What came of a try. */
export interface OptionProbe extends OptionTry {
  /** It took as long as a load does, by the server's word or by the client's clock. */
  readonly reloaded: boolean;
  /** The model was loaded again, or its size changed: the server took notice. */
  readonly noticed: boolean;
  /** load_duration of the request that tried it, in milliseconds. */
  readonly loadMs: number;
  /** Size by /api/ps before and after, in bytes. */
  readonly sizeBefore: number | null;
  readonly sizeAfter: number | null;
}

/** All tries of a launch, or why there were none. */
export interface OptionProbes {
  readonly probes: readonly OptionProbe[];
  readonly skipped: string | null;
}

const CONTEXT_STEP = 256;
const SMALL_BATCH = 32;

/**
 * What to try for what `effective` does not show, in an order in which each try changes one option more: the size
 * before and after the last one then differ by the context alone.
 */
export function triesFor(
  configuration: Configuration,
  effective: EffectiveSettings | null,
  trainedContext: number | null,
): OptionTry[] {
  const { numThread, numGpu, numBatch, numCtx } = configuration;
  const hidden = (option: TriedOption): boolean => typeof effective?.[option] !== "number";
  const tries: OptionTry[] = [];
  if (numThread !== undefined && numThread > 0 && hidden("num_thread")) {
    tries.push({ option: "num_thread", from: numThread, to: numThread === 1 ? 2 : numThread - 1 });
  }
  if (numGpu !== undefined && numGpu > 0 && hidden("num_gpu")) {
    tries.push({ option: "num_gpu", from: numGpu, to: numGpu - 1 });
  }
  if (hidden("num_batch")) {
    // Older servers cap num_batch at num_ctx: the other value must be below both to differ.
    const inForce = Math.min(numBatch, numCtx);
    tries.push({ option: "num_batch", from: numBatch, to: otherBatch(inForce) });
  }
  const other = otherContext(numCtx, trainedContext);
  // Tells the KV cache's type, and is the positive control of the others: a server that shows no reaction to another
  // num_ctx, which /api/ps shows to be in force, would show none to another num_batch either.
  if (other !== null && (tries.length > 0 || typeof effective?.kv_cache_type !== "string")) {
    tries.push({ option: "num_ctx", from: numCtx, to: other });
  }
  return tries;
}

/**
 * Whether the server can be seen to load the model again for another value: only then does no reaction say anything.
 * A size that follows num_ctx is no such sign; a server may show that and load within a blink.
 */
export const reactsVisibly = ({ probes }: OptionProbes): boolean => probes.some(({ reloaded }) => reloaded);

/**
 * A small one: compute buffers grow with batch times context (on a real Ollama by 2 to 36 bytes for each), and would
 * hide the cache of a small model behind them. One token at a time is not for every server: llama-server aborts.
 */
function otherBatch(inForce: number): number {
  if (inForce > SMALL_BATCH) return SMALL_BATCH;
  return inForce > 16 ? 16 : inForce * 2;
}

/** Half of a long context, twice a short one. */
function otherContext(numCtx: number, trainedContext: number | null): number | null {
  if (numCtx >= 4 * CONTEXT_STEP) return Math.floor(numCtx / 2 / CONTEXT_STEP) * CONTEXT_STEP;
  return trainedContext !== null && 2 * numCtx > trainedContext ? null : 2 * numCtx;
}

/** A warm request spends little in the scheduler; a load is far above this. */
const RELOAD_OVER_WARM = 5;
const RELOAD_BEYOND_MS = 40;

/** Other programs can make a warm request late, but seldom by most of a load. */
const RELOAD_SHARE = 0.5;

/** One kind of time of a request: of the one in question, of the quickest warm one, of the fresh load. */
export interface LoadTimes {
  readonly ms: number | null;
  readonly warmMs: number | null;
  readonly freshMs: number | null;
}

/** Whether a request took as long as a load does. A load that takes no longer than a warm request can't be seen. */
export const isReload = ({ ms, warmMs, freshMs }: LoadTimes): boolean =>
  ms !== null &&
  ms > RELOAD_OVER_WARM * (warmMs ?? 0) + RELOAD_BEYOND_MS &&
  (freshMs === null || ms > RELOAD_SHARE * freshMs);

/** Compute buffers grow with the context too, a little; a server that shows less than the cache is no guide. */
const GROWTH_MIN = 0.94;
const GROWTH_MAX = 1.15;

/** Types that Ollama takes, with their names. bf16 has the size of f16. */
const KV_TYPES = ["f16", "q8_0", "q4_0"] as const;

/** The type of a KV cache as its size shows it. */
export interface SeenKvType {
  /** Null when the growth fits no type. */
  readonly type: string | null;
  readonly detail: string;
}

/** Tells the KV cache's type from how the model's size follows the context. Null without a usable try of num_ctx. */
export function kvTypeSeen(probes: OptionProbes, architecture: ModelArchitecture): SeenKvType | null {
  const probe = probes.probes.find(({ option }) => option === "num_ctx");
  if (probe === undefined || probe.sizeBefore === null || probe.sizeAfter === null) return null;
  if (architecture.layers.length === 0) return null;
  const grown = (probe.sizeBefore - probe.sizeAfter) * Math.sign(probe.from - probe.to);
  const cacheOf = (numCtx: number, kvCacheType: string): number =>
    estimateMemory(architecture, 1, { numCtx, kvCacheType }).cacheBytes;
  const expected = KV_TYPES.map((type) => ({
    type,
    bytes: Math.abs(cacheOf(probe.from, type) - cacheOf(probe.to, type)),
  }));
  const match = expected.find(({ bytes }) => grown >= GROWTH_MIN * bytes && grown <= GROWTH_MAX * bytes);
  const f16 = expected[0]?.bytes ?? 0;
  const detail = `from num_ctx ${Math.min(probe.from, probe.to)} to ${Math.max(probe.from, probe.to)} the model grows by ${grown} bytes, an f16 cache by ${Math.round(f16)}`;
  return { type: match?.type ?? null, detail };
}
