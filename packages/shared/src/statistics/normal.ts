// The standard normal distribution: probability and quantile, to the precision of a double in both tails.
import { requireProbability } from "./input-checks.ts";

const SQRT_TWO_PI = 2.5066282746310002;
/** Beyond this the tail is computed by itself, so that it keeps its digits. */
const TAIL_FROM = 2;
/** Terms of the continued fraction; 100 reach the last bit of a double from 2 on. */
const TAIL_TERMS = 100;

const density = (z: number): number => Math.exp(-0.5 * z * z) / SQRT_TWO_PI;

/**
 * Probability that a standard normal variable is at most z.
 * Source: the series of G. Marsaglia, "Evaluating the normal distribution" (J. Stat. Software 11, 2004) around zero;
 * Laplace's continued fraction of the tail (DLMF 7.9.1) beyond 2.
 * @throws RangeError when z is NaN.
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) throw new RangeError("normalCdf needs a number, not NaN.");
  if (z < -TAIL_FROM) return upperTail(-z);
  if (z > TAIL_FROM) return 1 - upperTail(z);
  let term = z;
  let sum = z;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 + sum * density(z);
}

/** Probability above z, for z > 2. */
function upperTail(z: number): number {
  if (z === Number.POSITIVE_INFINITY) return 0;
  let denominator = z;
  for (let term = TAIL_TERMS; term >= 1; term -= 1) denominator = z + term / denominator;
  return density(z) / denominator;
}

/**
 * The z below which a standard normal variable lies with probability p.
 * Source: starting value Abramowitz and Stegun 26.2.23, then Halley's iteration on normalCdf.
 * @param p between 0 and 1, both excluded.
 * @throws RangeError when p is not.
 */
export function normalQuantile(p: number): number {
  requireProbability(p, "normalQuantile: p");
  if (p === 0.5) return 0;
  if (p > 0.5) return -lowerQuantile(1 - p);
  return lowerQuantile(p);
}

/** The quantile for p below one half. */
function lowerQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  let z = -(
    t -
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  );
  for (let step = 0; step < 4; step += 1) {
    const error = (normalCdf(z) - p) / density(z);
    z -= error / (1 + (z * error) / 2);
  }
  return z;
}
