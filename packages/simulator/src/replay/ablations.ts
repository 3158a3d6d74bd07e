// What becomes of the search when it is told wrong things, or has to do without: one way each. Pure.
import { guided, guidedWith } from "@ozone/coordinator/search/guided/index";
import type { Learn } from "@ozone/coordinator/search/guided/knowledge";
import type { Predicted } from "@ozone/coordinator/search/guided/surrogate";
import { learn, PRIORS } from "@ozone/coordinator/search/guided/surrogate";
import type { Strategy } from "@ozone/coordinator/search/strategy";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";

/** In the order of the table. */
export const ABLATIONS = [
  "none",
  "right prior",
  "wrong prior",
  "no cost model",
  "badly wrong cost model",
  "no memory model",
  "wrong memory model",
  "noise doubled",
  "noise of 20 %",
] as const;

/** One of them; `none` has no prior either. */
export type Ablation = (typeof ABLATIONS)[number];

/** In words, for those who read the table. */
export const ABLATION_WORDS: Readonly<Record<Ablation, string>> = {
  none: "nothing (no prior)",
  "right prior": "the picks of a machine of the same class",
  "wrong prior": "the picks of another machine",
  "no cost model": "predictions by chance",
  "badly wrong cost model": "longer contexts believed to be faster",
  "no memory model": "nothing of the memory",
  "wrong memory model": "a model of a quarter of the size",
  "noise doubled": "twice the noise",
  "noise of 20 %": "noise of 20 %, judged without noise",
};

const CHANCE = 0.3;

/** Every point is predicted by the hash of its name. */
const byChance: Learn = (space, measured) => {
  const { predict, expected } = learn(space, measured);
  return {
    expected,
    predict: (point): Predicted => {
      const { next } = seededRandom(`chance ${point.key}`);
      const { logDecode, logTtft } = predict(space.points[0] ?? point);
      const drawn = (mean: number) => ({ mean: mean + CHANCE * (2 * next() - 1), deviation: CHANCE });
      return { logDecode: drawn(logDecode.mean), logTtft: drawn(logTtft.mean) };
    },
  };
};

/** What is believed at first has the wrong sign. */
const turnedRound: Learn = (space, measured) =>
  learn(space, measured, {
    decode: { ...PRIORS.decode, slope: 0.8 },
    ttft: { ...PRIORS.ttft, slope: -PRIORS.ttft.slope },
  });

/** The search of an ablation. */
export function searchOf(ablation: Ablation): Strategy {
  if (ablation === "no cost model") return guidedWith(byChance);
  return ablation === "badly wrong cost model" ? guidedWith(turnedRound) : guided;
}
