// The middle of a list and its other quantiles.
import { at, requireFinite } from "./input-checks.ts";

/** A sorted copy, smallest first; the input stays as it is. */
export const sortedCopy = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/**
 * The median: the middle value, or the mean of the two middle values. Same unit as the values.
 * @throws RangeError when there is no value or one is not finite.
 */
export function median(values: readonly number[]): number {
  requireFinite(values, "median");
  return sortedQuantile(sortedCopy(values), 0.5);
}

/**
 * The p-quantile, interpolated linearly between neighbours (definition 7 of Hyndman and Fan, "Sample quantiles in
 * statistical packages", 1996; the default of R and NumPy). Same unit as the values.
 * Whether the list is long enough to say anything about p: percentile-support.ts.
 * @param p from 0 (the smallest) to 1 (the largest).
 * @throws RangeError when there is no value, one is not finite, or p is outside 0..1.
 */
export function quantile(values: readonly number[], p: number): number {
  requireFinite(values, "quantile");
  if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile: p is ${p}, a number from 0 to 1 is needed.`);
  return sortedQuantile(sortedCopy(values), p);
}

function sortedQuantile(sorted: readonly number[], p: number): number {
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const lower = at(sorted, below);
  const upper = at(sorted, Math.min(below + 1, sorted.length - 1));
  const share = position - below;
  // Weighted like this, and not as lower + share x (upper - lower), the result never overflows nor leaves the pair.
  return lower === upper ? lower : lower * (1 - share) + upper * share;
}
