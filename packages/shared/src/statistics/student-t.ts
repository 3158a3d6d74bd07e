// Student's t distribution: probability and quantile for any number of degrees of freedom.
import { betaAt, inverseRegularizedBeta } from "./beta.ts";
import { requireProbability } from "./input-checks.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

/**
 * Probability that a t variable with `degreesOfFreedom` is at most t.
 * Source: DLMF 8.17 and Abramowitz and Stegun 26.7.1: the two tails are I_x(df / 2, 1 / 2) at x = df / (df + t^2).
 * @param degreesOfFreedom above zero, fractions allowed (Welch); Infinity is the normal distribution.
 * @throws RangeError when t is NaN or the degrees of freedom are not above zero.
 */
export function studentTCdf(t: number, degreesOfFreedom: number): number {
  requireDegrees(degreesOfFreedom);
  if (Number.isNaN(t)) throw new RangeError("studentTCdf needs a number, not NaN.");
  if (degreesOfFreedom === Number.POSITIVE_INFINITY) return normalCdf(t);
  const tail = Number.isFinite(t) ? 0.5 * betaAt(pointOf(t, degreesOfFreedom), shapeOf(degreesOfFreedom)) : 0;
  return t <= 0 ? tail : 1 - tail;
}

/**
 * The t below which a t variable with `degreesOfFreedom` lies with probability p.
 * @param p between 0 and 1, both excluded.
 * @param degreesOfFreedom above zero, fractions allowed; Infinity is the normal distribution.
 * @throws RangeError when p or the degrees of freedom are outside their range.
 */
export function studentTQuantile(p: number, degreesOfFreedom: number): number {
  requireDegrees(degreesOfFreedom);
  requireProbability(p, "studentTQuantile: p");
  if (degreesOfFreedom === Number.POSITIVE_INFINITY) return normalQuantile(p);
  if (p === 0.5) return 0;
  const tail = Math.min(p, 1 - p);
  const { x, y } = inverseRegularizedBeta(2 * tail, shapeOf(degreesOfFreedom));
  const size = Math.sqrt((degreesOfFreedom * y) / x);
  return p < 0.5 ? -size : size;
}

const shapeOf = (degreesOfFreedom: number) => ({ a: degreesOfFreedom / 2, b: 0.5 });

function pointOf(t: number, degreesOfFreedom: number) {
  const square = t * t;
  if (square === Number.POSITIVE_INFINITY) return { x: 0, y: 1 };
  return { x: degreesOfFreedom / (degreesOfFreedom + square), y: square / (degreesOfFreedom + square) };
}

function requireDegrees(degreesOfFreedom: number): void {
  if (degreesOfFreedom > 0) return;
  throw new RangeError(`Student's t needs degrees of freedom above zero, not ${degreesOfFreedom}.`);
}
