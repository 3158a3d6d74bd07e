// What a point's score will be, as far as the points measured tell: the context's own curve, a step per level of every
// other axis, and how each step changes with the context. It ranks, it never forbids.
import { fitLinear, type LinearPrediction, type LinearPrior } from "@ozone/shared/statistics/bayesian-linear";
import type { AxisName, Space, SpacePoint } from "./space.ts";

/** A score that the surrogate learns; all are logarithms or sums of them, so that effects add up. */
export interface ScorePrior {
  /** Change per doubling of the context, and how unsure that is. */
  readonly slope: number;
  readonly slopeDeviation: number;
}

/** How much one step along an axis may change a score: standard deviation of the prior. */
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
/** What the model leaves out, and the noise of one or two samples. */
const MISFIT = 0.025;
const CURVATURE_DEVIATION = 0.06;
const INTERCEPT_DEVIATION = 10;

interface Features {
  readonly of: (point: SpacePoint) => number[];
  readonly prior: (score: ScorePrior) => LinearPrior;
}

/** A step counts at every level from it on, so that what was never tried is believed to be like its neighbour. */
function featuresOf(space: Space): Features {
  const steps = space.axes.flatMap(({ name, values }, axis) =>
    name === "numCtx" ? [] : values.slice(1).map((_, step) => ({ axis, level: step + 1, name })),
  );
  const doublings = ({ configuration }: SpacePoint): number =>
    Math.log2(configuration.numCtx / space.base.numCtx);
  return {
    of: (point) => {
      const x = doublings(point);
      const on = steps.map(({ axis, level }) => ((point.levels[axis] ?? 0) >= level ? 1 : 0));
      return [1, x, x * x, ...on, ...on.map((one) => one * x)];
    },
    prior: ({ slope, slopeDeviation }) => {
      const deviations = steps.map(({ name }) => STEP_DEVIATION[name]);
      return {
        means: [0, slope, 0, ...deviations.map(() => 0), ...deviations.map(() => 0)],
        deviations: [
          INTERCEPT_DEVIATION,
          slopeDeviation,
          CURVATURE_DEVIATION,
          ...deviations,
          ...deviations.map((deviation) => INTERACTION_SHARE * deviation),
        ],
        noise: MISFIT,
      };
    },
  };
}

/** Predicts the score of a point. */
export type Predict = (point: SpacePoint) => LinearPrediction;

/** Learns one score from measured points. */
export function learn(
  space: Space,
  measured: readonly { readonly point: SpacePoint; readonly score: number }[],
  prior: ScorePrior,
): Predict {
  const features = featuresOf(space);
  const centre = measured.reduce((sum, { score }) => sum + score, 0) / Math.max(1, measured.length);
  const fit = fitLinear(
    measured.map(({ point, score }) => ({ features: features.of(point), value: score - centre })),
    features.prior(prior),
  );
  return (point) => {
    const { mean, deviation } = fit.predict(features.of(point));
    return { mean: mean + centre, deviation: Math.hypot(deviation, MISFIT) };
  };
}
