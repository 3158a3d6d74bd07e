// What a point's rates will be, as far as the points measured tell: the context's own curve, a step per level of every
// other axis, and how each step changes with the context. It ranks, it never forbids.

import type { ObjectiveFigures } from "@ozone/shared/objective";
import {
  fitLinear,
  type LinearFit,
  type LinearObservation,
  type LinearPrediction,
  type LinearPrior,
} from "@ozone/shared/statistics/bayesian-linear";
import type { AxisName, Space, SpacePoint } from "./space.ts";

/** What is learned is a logarithm, so that effects add up. Change per doubling of the context, and how unsure it is. */
interface SlopePrior {
  readonly slope: number;
  readonly slopeDeviation: number;
}

const DECODE_PRIOR: SlopePrior = { slope: -0.2, slopeDeviation: 0.3 };
const TTFT_PRIOR: SlopePrior = { slope: 1.15, slopeDeviation: 0.35 };

/** How much one step along an axis may change a rate: standard deviation of the prior. */
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
/** What the model leaves out, and the noise of one or two samples: believed at first, then seen. */
const MISFIT = 0.025;
const MISFIT_MIN = 0.012;
const MISFIT_MAX = 0.12;
const CURVATURE_DEVIATION = 0.06;
const INTERCEPT_DEVIATION = 10;

interface Features {
  readonly of: (point: SpacePoint) => number[];
  readonly prior: (score: SlopePrior, misfit: number) => LinearPrior;
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
    prior: ({ slope, slopeDeviation }, misfit) => {
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
        noise: misfit,
      };
    },
  };
}

/** Fits so often, each time with the misfit that the last fit shows. */
const ROUNDS = 2;

/**
 * How far measured points lie off the fit, the leverage of each allowed for: e^2 / (1 - h), averaged.
 * Source: leave-one-out residuals of a linear smoother, Hastie, Tibshirani and Friedman 2009, 7.10.
 */
function misfitOf(fit: LinearFit, observations: readonly LinearObservation[], noise: number): number {
  const squares = observations.map(({ features, value }) => {
    const { mean, deviation } = fit.predict(features);
    const leverage = Math.min(0.95, (deviation / noise) ** 2);
    return (value - mean) ** 2 / (1 - leverage);
  });
  const mean = squares.reduce((sum, one) => sum + one, 0) / Math.max(1, squares.length);
  return Math.min(MISFIT_MAX, Math.max(MISFIT_MIN, Math.sqrt(mean)));
}

/** Predicts the figures of a point: logarithms, with their deviations. */
export interface Predicted {
  readonly logDecode: LinearPrediction;
  readonly logTtft: LinearPrediction;
}

/** Predicts a point. */
export type Predict = (point: SpacePoint) => Predicted;

/** A measured point with the medians of its samples. */
export interface MeasuredPoint {
  readonly point: SpacePoint;
  readonly figures: ObjectiveFigures;
}

function learnOne(
  features: Features,
  measured: readonly MeasuredPoint[],
  prior: SlopePrior,
  value: (figures: ObjectiveFigures) => number,
): (row: readonly number[]) => LinearPrediction {
  const values = measured.map(({ figures }) => value(figures));
  const centre = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const observations = measured.map(({ point }, index) => ({
    features: features.of(point),
    value: (values[index] ?? centre) - centre,
  }));
  let misfit = MISFIT;
  let fit = fitLinear(observations, features.prior(prior, misfit));
  for (let round = 1; round < ROUNDS && observations.length > 0; round += 1) {
    misfit = misfitOf(fit, observations, misfit);
    fit = fitLinear(observations, features.prior(prior, misfit));
  }
  return (row) => {
    const { mean, deviation } = fit.predict(row);
    return { mean: mean + centre, deviation: Math.hypot(deviation, misfit) };
  };
}

/** Learns decode rate and time to first token from measured points. */
export function learn(space: Space, measured: readonly MeasuredPoint[]): Predict {
  const features = featuresOf(space);
  const decode = learnOne(features, measured, DECODE_PRIOR, ({ decodeTokensPerSecond }) =>
    Math.log(decodeTokensPerSecond),
  );
  const ttft = learnOne(features, measured, TTFT_PRIOR, ({ ttftMs }) => Math.log(ttftMs));
  return (point) => {
    const row = features.of(point);
    return { logDecode: decode(row), logTtft: ttft(row) };
  };
}

const STEP = 0.01;

/** A score of a predicted point, and how unsure it is: to first order in both logarithms. */
export function predictScore(
  { logDecode, logTtft }: Predicted,
  numCtx: number,
  score: (figures: ObjectiveFigures) => number,
): LinearPrediction {
  const at = (decode: number, ttft: number): number =>
    score({ numCtx, decodeTokensPerSecond: Math.exp(decode), ttftMs: Math.exp(ttft) });
  const mean = at(logDecode.mean, logTtft.mean);
  const byDecode = (at(logDecode.mean + STEP, logTtft.mean) - mean) / STEP;
  const byTtft = (at(logDecode.mean, logTtft.mean + STEP) - mean) / STEP;
  return { mean, deviation: Math.hypot(byDecode * logDecode.deviation, byTtft * logTtft.deviation) };
}
