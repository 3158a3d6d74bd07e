// The first points: chosen by chance from strata, the one that the surrogate knows least about first. They teach what
// each option does on this machine; contexts beyond the middle come later, when the options are known.
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import type { SearchState } from "../strategy.ts";
import type { Knowledge } from "./knowledge.ts";
import type { Space, SpacePoint } from "./space.ts";

const DRAWN = 48;
const SEEDS_MIN = 6;
const SEEDS_SHARE = 0.03;
const SEEDS_MAX = 14;

/** How many points are measured before the search is steered by scores. */
export const seedCount = (space: Space): number =>
  Math.min(SEEDS_MAX, Math.max(SEEDS_MIN, Math.ceil(SEEDS_SHARE * space.points.length)));

/** The next seed, or null when nothing is left to draw. */
export function nextSeed(
  state: SearchState,
  space: Space,
  { seen, feasible, surrogate }: Knowledge,
): SpacePoint | null {
  const contexts = [...new Set(space.points.map(({ configuration }) => configuration.numCtx))].sort(
    (a, b) => a - b,
  );
  const middle = Math.max(contexts[Math.floor((contexts.length - 1) / 2)] ?? 0, space.base.numCtx);
  const open = space.points.filter(
    (point) => point.configuration.numCtx <= middle && !seen.has(point.key) && feasible(point),
  );
  const drawn = seededRandom(`${state.seed}/seed/${seen.size}`).shuffle(open).slice(0, DRAWN);
  let best: { point: SpacePoint; deviation: number } | null = null;
  for (const point of drawn) {
    const { logDecode, logTtft } = surrogate.predict(point);
    const deviation = Math.hypot(logDecode.deviation, logTtft.deviation);
    if (!best || deviation > best.deviation) best = { point, deviation };
  }
  return best?.point ?? null;
}
