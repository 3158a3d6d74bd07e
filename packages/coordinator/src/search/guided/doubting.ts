// A single sample that is much worse than everything else leads to expect may have been disturbed: it is taken again
// before the point is given up. Disturbances only ever slow a machine down, so nothing is doubted for being fast.
import type { Seen } from "./evidence.ts";
import { goalsOf, measuredPoints, ranking } from "./scores.ts";
import type { Space } from "./space.ts";
import { learn, predictScore } from "./surrogate.ts";

/** Looked at closely from here on: worse than the fit that includes the sample itself. */
const WORSE_THAN_FIT = 0.03;
/** In doubt: worse than the fit of all others by this, and by so many of its deviations. */
const WORSE_THAN_OTHERS = 0.08;
const DEVIATIONS = 2;
/** Points that would not come near the best anyway are not worth another sample. */
const NEAR_BEST = 0.04;

/** The measured point that is most in doubt, or null. */
export function mostDoubtful(space: Space, seen: ReadonlyMap<string, Seen>): Seen | null {
  const measured = measuredPoints(space, seen);
  const predict = learn(space, measured);
  let worst: { seen: Seen; shortfall: number } | null = null;
  for (const goal of goalsOf(space, seen)) {
    const ranked = ranking(space, seen, goal);
    const best = ranked[0]?.score ?? 0;
    for (const one of ranked.filter(({ seen: { samples, exhausted } }) => samples === 1 && !exhausted)) {
      const score = (of: typeof predict) =>
        predictScore(of(one.point), one.point.configuration.numCtx, goal.score);
      if (score(predict).mean - one.score < WORSE_THAN_FIT) continue;
      const others = learn(
        space,
        measured.filter(({ point }) => point !== one.point),
      );
      const { mean, deviation } = score(others);
      const shortfall = mean - one.score;
      if (shortfall < Math.max(WORSE_THAN_OTHERS, DEVIATIONS * deviation) || mean < best - NEAR_BEST)
        continue;
      if (!worst || shortfall > worst.shortfall) worst = { seen: one.seen, shortfall };
    }
  }
  return worst?.seen ?? null;
}
