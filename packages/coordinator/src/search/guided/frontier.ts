// How far the context goes: gallop upwards from what worked, halve the gap once something failed. The least demanding
// options are tried there, so that one failure says that nothing fits.
import type { SearchState } from "../strategy.ts";
import type { Seen } from "./evidence.ts";
import { goalsOf, largestContext, ranking } from "./scores.ts";
import { type Space, type SpacePoint, stepsBetween } from "./space.ts";

/** Weights and cache below this share of the memory: then the largest context is tried at once. */
export const SURELY_FITS = 0.7;

const kvLevel = (space: Space, point: SpacePoint): number =>
  space.axes.reduce(
    (sum, { name }, axis) =>
      name === "kvCacheType" || name === "concurrency" ? sum + (point.levels[axis] ?? 0) : sum,
    0,
  );

const batchLevel = (space: Space, point: SpacePoint): number =>
  space.axes.reduce(
    (sum, { name }, axis) => (name === "numBatch" ? sum + (point.levels[axis] ?? 0) : sum),
    0,
  );

/** A context is closed, with all above, by a failure of the least demanding options, or by two with any batch. */
const FAILURES_CLOSE = 2;

/** What lies on a GPU needs its memory, the rest the machine's: a failure of one split says nothing of the others. */
const splitOf = (space: Space, point: SpacePoint): number =>
  space.axes.reduce((sum, { name }, axis) => (name === "numGpu" ? sum + (point.levels[axis] ?? 0) : sum), 0);

/** The least context that is closed for a split of the layers between GPU and RAM. */
function closedFrom(space: Space, seen: ReadonlyMap<string, Seen>): (point: SpacePoint) => number {
  const failures = new Map<number, Map<number, number>>();
  for (const [key, { figures, configuration }] of seen) {
    const point = space.byKey.get(key);
    if (!point || figures || kvLevel(space, point) > 0) continue;
    const weight = batchLevel(space, point) === 0 ? FAILURES_CLOSE : 1;
    const split = failures.get(splitOf(space, point)) ?? new Map<number, number>();
    split.set(configuration.numCtx, (split.get(configuration.numCtx) ?? 0) + weight);
    failures.set(splitOf(space, point), split);
  }
  return (point) => {
    const counts = [...(failures.get(splitOf(space, point)) ?? [])];
    const closed = counts.flatMap(([numCtx, count]) => (count >= FAILURES_CLOSE ? [numCtx] : []));
    return Math.min(Number.POSITIVE_INFINITY, ...closed);
  };
}

/** Weights and cache of a context at f16 as a share of the memory; 1 where that is not known. */
export function needShare({ model, machine }: SearchState, numCtx: number): number {
  if (machine.memoryBytes === null || model.kvBytesPerToken === 0) return 1;
  return (model.weightBytes + model.kvBytesPerToken * numCtx) / machine.memoryBytes;
}

/** The next context to try, beyond the largest that worked; null when the frontier is known. */
export function nextFrontier(
  state: SearchState,
  space: Space,
  { seen, feasible }: { seen: ReadonlyMap<string, Seen>; feasible: (point: SpacePoint) => boolean },
): SpacePoint | null {
  const top = largestContext(seen);
  const closed = closedFrom(space, seen);
  const failedAt = new Set(
    [...seen.values()].flatMap(({ figures, configuration }) => (figures ? [] : [configuration.numCtx])),
  );
  const beyond = space.points.filter(
    (point) =>
      point.configuration.numCtx > top &&
      point.configuration.numCtx < closed(point) &&
      !seen.has(point.key) &&
      feasible(point),
  );
  const contexts = [...new Set(beyond.map(({ configuration }) => configuration.numCtx))].sort(
    (a, b) => a - b,
  );
  const last = contexts.at(-1);
  if (last === undefined) return null;
  const failedAbove = [...seen.values()].some(
    ({ figures, configuration }) => !figures && configuration.numCtx > top,
  );
  const middle = contexts[Math.floor(contexts.length / 2)] ?? last;
  const numCtx = needShare(state, last) <= SURELY_FITS && !failedAbove ? last : middle;
  const goals = goalsOf(space, seen);
  const goal = goals.find(({ purpose }) => purpose === "max_context") ?? goals.at(-1);
  const near = goal ? ranking(space, seen, goal)[0]?.point : undefined;
  // After a failure the smallest batch is tried: it is the only thing left that could have been too much.
  const again = failedAt.has(numCtx);
  const least = (point: SpacePoint): number =>
    1_000 * kvLevel(space, point) +
    (again ? 100 * batchLevel(space, point) : 0) +
    (near ? stepsBetween(point, near) : 0);
  const here = beyond.filter(({ configuration }) => configuration.numCtx === numCtx);
  return here.reduce<SpacePoint | null>(
    (best, next) => (best && least(best) <= least(next) ? best : next),
    null,
  );
}
