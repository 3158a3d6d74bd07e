// A Gaussian process seen at some points: what it is elsewhere, how unsure that is, and how well its assumptions explain
// what was seen.
import { cholesky, logDeterminant, solveLower, solveUpper } from "./cholesky.ts";

/** Mean and standard deviation of the process (without observation noise). */
export interface Prediction {
  readonly mean: number;
  readonly deviation: number;
}

/** How a point that was not observed belongs to those that were. */
export interface Unseen {
  /** Prior mean of the process there. */
  readonly mean: number;
  /** Prior variance of the process there. */
  readonly variance: number;
  /** Prior covariance with each observed point. */
  readonly covariances: ArrayLike<number>;
}

/** Observed values under a prior. */
export interface GaussianProcess {
  predict(point: Unseen): Prediction;
  /** Each observed point as all others predict it. */
  leaveOneOut(): Prediction[];
  /** ln of the density of what was observed. */
  readonly logLikelihood: number;
}

/** What was observed, and what was believed before. */
export interface Observed {
  /** Observed value less the prior mean, per point. */
  readonly values: ArrayLike<number>;
  /** Prior covariance of the process between the points. */
  readonly covariance: readonly ArrayLike<number>[];
  /** Variance of the noise of each observation; above zero. */
  readonly noise: ArrayLike<number>;
}

/**
 * Conditions a Gaussian process on noisy observations.
 * Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, algorithm 2.1, and 5.12 for the
 * predictions that leave one out. Cost: n^3 for n observations, n^2 per prediction.
 * @throws RangeError when the covariance is not positive definite.
 */
export function gaussianProcess({ values, covariance, noise }: Observed): GaussianProcess {
  const size = covariance.length;
  const noisy = covariance.map((line, row) => {
    const copy = Float64Array.from(line);
    copy[row] = (copy[row] ?? 0) + (noise[row] ?? 0);
    return copy;
  });
  const root = cholesky(noisy);
  const half = solveLower(root, values);
  const weights = solveUpper(root, half);
  return {
    predict: ({ mean, variance, covariances }) => {
      const known = solveLower(root, covariances);
      const rest = variance - dot(known, known);
      return { mean: mean + dot(covariances, weights), deviation: Math.sqrt(Math.max(0, rest)) };
    },
    leaveOneOut: () =>
      Array.from({ length: size }, (_, index) => {
        const unit = new Float64Array(size);
        unit[index] = 1;
        const column = solveLower(root, unit);
        // The diagonal of the inverse: 1 / it is the variance of this value given all others, its noise included.
        const precision = dot(column, column);
        const mean = (values[index] ?? 0) - (weights[index] ?? 0) / precision;
        return { mean, deviation: Math.sqrt(Math.max(0, 1 / precision - (noise[index] ?? 0))) };
      }),
    logLikelihood: -0.5 * (dot(half, half) + logDeterminant(root) + size * Math.log(2 * Math.PI)),
  };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}
