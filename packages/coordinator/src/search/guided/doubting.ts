// A point that is much worse than everything else leads to expect may have been disturbed: it is sampled again before it
// is given up, twice if need be, so that the median has a majority. Disturbances only ever slow a machine down, so nothing
// is doubted for being fast.

import type { Prediction } from "@ozone/shared/statistics/gaussian-process";
import type { Seen } from "./evidence.ts";
import type { Knowledge } from "./knowledge.ts";
import { measuredPoints } from "./scores.ts";
import type { Space } from "./space.ts";

/** In doubt: worse than all others lead to expect by this, and by so many deviations of that expectation. */
const WORSE_THAN_OTHERS = 0.08;
const DEVIATIONS = 2;
/** Two samples so far apart have no middle. */
const APART = 0.1;
/** From so many samples on the median is believed. */
const SAMPLES_BELIEVED = 3;

/** The measured point that is most in doubt, or null. One that would not lead anyway misleads all the others. */
export function mostDoubtful(space: Space, { seen, surrogate }: Knowledge): Seen | null {
  let worst: { seen: Seen; shortfall: number } | null = null;
  for (const [index, { point, figures }] of measuredPoints(space, seen).entries()) {
    const one = seen.get(point.key);
    const expected = surrogate.expected[index];
    if (!one || !expected || one.exhausted || one.samples >= SAMPLES_BELIEVED) continue;
    const slower = shortfallOf(expected.logDecode, Math.log(figures.decodeTokensPerSecond));
    const later = shortfallOf(negative(expected.logTtft), -Math.log(figures.ttftMs));
    const shortfall = Math.max(slower, later, one.spread > APART ? one.spread : 0);
    if (shortfall > 0 && (!worst || shortfall > worst.shortfall)) worst = { seen: one, shortfall };
  }
  return worst?.seen ?? null;
}

const negative = ({ mean, deviation }: Prediction): Prediction => ({ mean: -mean, deviation });

/** How much worse than expected, of a logarithm of which more is better; 0 when that may be. */
function shortfallOf({ mean, deviation }: Prediction, seen: number): number {
  const shortfall = mean - seen;
  return shortfall < Math.max(WORSE_THAN_OTHERS, DEVIATIONS * deviation) ? 0 : shortfall;
}
