// Whether a list is long enough to speak of its p95: measurement.md step 4.
import { requireProbability, requireWhole } from "./input-checks.ts";
import { quantile } from "./median.ts";

/** A percentile needs this many samples beyond it. */
const SAMPLES_BEYOND = 5;
/** 50 x (1 - 0.9) is 4.999999999999999 in doubles. */
const ROUNDING = 1e-9;

/**
 * Whether n samples carry the percentile p: at least 5 of them are expected beyond it, n (1 - p) >= 5. For p below
 * one half the other side counts. Source: reference/statistics.md 1.4-4.
 * @param p between 0 and 1: 0.95 is p95.
 * @throws RangeError when n is no whole number or p is outside 0..1.
 */
export function supportsPercentile(n: number, p: number): boolean {
  requireWhole(n, "supportsPercentile: n");
  requireProbability(p, "supportsPercentile: p");
  return n * Math.min(p, 1 - p) >= SAMPLES_BEYOND - ROUNDING;
}

/**
 * The percentile p of the values in their unit, or null when there are too few of them to say.
 * @throws RangeError when a value is not finite or p is outside 0..1.
 */
export const supportedPercentile = (values: readonly number[], p: number): number | null =>
  supportsPercentile(values.length, p) ? quantile(values, p) : null;

/**
 * Fewest samples that carry p: 100 for p95, 500 for p99.
 * @throws RangeError when p is outside 0..1.
 */
export function samplesForPercentile(p: number): number {
  requireProbability(p, "samplesForPercentile: p");
  return Math.ceil(SAMPLES_BEYOND / Math.min(p, 1 - p) - ROUNDING);
}
