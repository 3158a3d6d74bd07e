// How alike two points are believed to behave before anything was measured: the prior covariance of a rate's logarithm.
//
// A sum of independent parts: the context's own curve, a step for every level of every other option, how that step changes
// with the context, and what is particular to each pair of options. Pure.
import type { AxisName, Space, SpacePoint } from "./space.ts";

/** Change of a logarithm per doubling of the context, and how unsure it is. */
export interface SlopePrior {
  readonly slope: number;
  readonly slopeDeviation: number;
}

/** How much one step along an axis may change a rate: standard deviation. */
const STEP_DEVIATION: Readonly<Record<AxisName, number>> = {
  numCtx: 0.3,
  numBatch: 0.2,
  numThread: 0.35,
  numGpu: 0.4,
  kvCacheType: 0.25,
  flashAttention: 0.3,
  numPredict: 0.05,
  concurrency: 0.4,
};
/** How much that change may differ per doubling of the context. */
const INTERACTION_SHARE = 0.3;
const CURVATURE_DEVIATION = 0.06;
const INTERCEPT_DEVIATION = 3;
/** What is particular to a pair of values is shared with a neighbouring value by so much. */
const NEIGHBOUR_SHARE = 0.5;

/** Prior covariances between points of a space. */
export interface Kinship {
  /** Of context and options, each on its own. */
  single(a: SpacePoint, b: SpacePoint): number;
  /** Of what is particular to pairs of options, for a deviation of 1 per pair. */
  paired(a: SpacePoint, b: SpacePoint): number;
}

/** Doublings of the context from the default's. */
export const doublings = ({ base }: Space, { configuration }: SpacePoint): number =>
  Math.log2(configuration.numCtx / base.numCtx);

/** Kinship under one belief about the context's slope. */
export function kinshipOf(space: Space, { slopeDeviation }: SlopePrior): Kinship {
  const steps = space.axes.flatMap(({ name }, axis) =>
    name === "numCtx" ? [] : [{ axis, variance: STEP_DEVIATION[name] ** 2 }],
  );
  return {
    single: (a, b) => {
      const product = doublings(space, a) * doublings(space, b);
      let sum =
        INTERCEPT_DEVIATION ** 2 + slopeDeviation ** 2 * product + CURVATURE_DEVIATION ** 2 * product ** 2;
      for (const { axis, variance } of steps) {
        // A step counts at every level from it on, so that what was never tried is believed to be like its neighbour.
        const shared = Math.min(a.levels[axis] ?? 0, b.levels[axis] ?? 0);
        sum += variance * shared * (1 + INTERACTION_SHARE ** 2 * product);
      }
      return sum;
    },
    paired: (a, b) => {
      let [sum, squares] = [0, 0];
      for (let axis = 0; axis < a.levels.length; axis += 1) {
        const share = NEIGHBOUR_SHARE ** Math.abs((a.levels[axis] ?? 0) - (b.levels[axis] ?? 0));
        sum += share;
        squares += share * share;
      }
      return (sum * sum - squares) / 2;
    },
  };
}
