// How far values lie apart.
import { requireFinite, requirePositive } from "./input-checks.ts";
import { median } from "./median.ts";

/**
 * Arithmetic mean, same unit as the values.
 * @throws RangeError when there is no value or one is not finite.
 */
export function mean(values: readonly number[]): number {
  requireFinite(values, "mean");
  // Each value's own share first: the sum of large values could overflow.
  const rough = values.reduce((sum, value) => sum + value / values.length, 0);
  // A second pass takes out the rounding error of the first.
  return rough + values.reduce((sum, value) => sum + (value - rough) / values.length, 0);
}

/**
 * Sample standard deviation (divisor n - 1), same unit as the values.
 * @throws RangeError when there are fewer than two values or one is not finite.
 */
export function standardDeviation(values: readonly number[]): number {
  requireFinite(values, "standardDeviation", 2);
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/**
 * Coefficient of variation: standard deviation over mean, without a unit (0.02 is 2 %).
 * @throws RangeError when there are fewer than two values or one is not above zero.
 */
export function coefficientOfVariation(values: readonly number[]): number {
  requirePositive(values, "coefficientOfVariation", 2);
  return standardDeviation(values) / mean(values);
}

/**
 * Median absolute deviation from the median, unscaled, same unit as the values.
 * @throws RangeError when there is no value or one is not finite.
 */
export function medianAbsoluteDeviation(values: readonly number[]): number {
  const centre = median(values);
  return median(values.map((value) => Math.abs(value - centre)));
}

/**
 * Natural logarithms: a ratio of rates becomes a difference, and x % more and x % less become equally far.
 * @throws RangeError when there is no value or one is not above zero.
 */
export function logs(values: readonly number[]): number[] {
  requirePositive(values, "logs");
  return values.map(Math.log);
}

/**
 * Standard deviation of the natural logarithms, without a unit: near the coefficient of variation when both are small.
 * @throws RangeError when there are fewer than two values or one is not above zero.
 */
export function logStandardDeviation(values: readonly number[]): number {
  requirePositive(values, "logStandardDeviation", 2);
  return standardDeviation(logs(values));
}
