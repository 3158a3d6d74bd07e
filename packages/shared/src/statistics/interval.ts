// The interval printed beside every median: reference/statistics.md 1.3 and 1.4-7. Never a bootstrap: for so few
// values it claims 95 % and covers 74 to 93 %.
import { binomialCdf } from "./binomial.ts";
import { at, requirePositive, requireProbability, requireWhole } from "./input-checks.ts";
import { median, sortedCopy } from "./median.ts";
import { logStandardDeviation, logs, mean } from "./spread.ts";
import { studentTQuantile } from "./student-t.ts";

/** Fewer values than this admit no distribution-free interval of 95 %, so a model must help out. */
export const ORDER_STATISTICS_FROM = 6;

/** A median with what is known about it, in the unit of the values. */
export interface MedianInterval {
  readonly median: number;
  /** Null when a single value says nothing about the spread. */
  readonly ciLow: number | null;
  readonly ciHigh: number | null;
  readonly n: number;
  readonly method: "t-on-log" | "order-statistics";
  /** True below six values: the interval then leans on an assumed distribution. Print the word. */
  readonly preliminary: boolean;
  /** How often such an interval covers the truth: exact for order statistics, nominal for t, null without interval. */
  readonly coverage: number | null;
}

/**
 * The median of positive values (rates, durations: which of high and low is better plays no part) and its two-sided
 * interval. From 6 values on [x(j), x(n + 1 - j)] with the largest j whose exact coverage reaches the confidence;
 * below, Student's t on the logarithms, marked preliminary (as it also is when n values can't reach the confidence).
 * @throws RangeError when there is no value, one is not above zero, or the confidence is outside 0..1.
 */
export function medianInterval(values: readonly number[], confidence = 0.95): MedianInterval {
  requirePositive(values, "medianInterval");
  requireProbability(confidence, "medianInterval: confidence");
  const n = values.length;
  const rank = n >= ORDER_STATISTICS_FROM ? medianRank(n, confidence) : 0;
  if (rank === 0) return studentInterval(values, confidence);
  const sorted = sortedCopy(values);
  return {
    median: median(values),
    ciLow: at(sorted, rank - 1),
    ciHigh: at(sorted, n - rank),
    n,
    method: "order-statistics",
    preliminary: false,
    coverage: rankCoverage(n, rank),
  };
}

/**
 * The largest j for which [x(j), x(n + 1 - j)] covers the median with the confidence, or 0 when no j does.
 * At 95 %: n = 6, 7, 8: 1; 9, 10: 2; 12: 3; 15: 4; 20: 6.
 * Source: sign test inverted, coverage = sum over i = j..n-j of C(n, i) / 2^n (David and Nagaraja, Order Statistics, 7.1).
 * @throws RangeError when n is no whole number above zero.
 */
export function medianRank(n: number, confidence = 0.95): number {
  requireWhole(n, "medianRank: n", 1);
  let reached = 0;
  let missed = Math.floor(n / 2) + 1;
  while (missed - reached > 1) {
    const middle = Math.floor((reached + missed) / 2);
    if (rankCoverage(n, middle) >= confidence) reached = middle;
    else missed = middle;
  }
  return reached;
}

/** Exact probability that [x(j), x(n + 1 - j)] holds the median of a continuous distribution; 1 <= j <= n / 2. */
export const rankCoverage = (n: number, j: number): number => 1 - 2 * binomialCdf(j - 1, { n, p: 0.5 });

/**
 * Half the width of Student's interval on the logarithms, t(1 - (1 - confidence) / 2, n - 1) s_ln / sqrt(n): without
 * a unit, 0.02 is about 2 %. Null for a single value.
 * @throws RangeError when there is no value or one is not above zero.
 */
export function logHalfWidth(values: readonly number[], confidence = 0.95): number | null {
  requirePositive(values, "logHalfWidth");
  requireProbability(confidence, "logHalfWidth: confidence");
  const n = values.length;
  if (n === 1) return null;
  return (studentTQuantile((1 + confidence) / 2, n - 1) * logStandardDeviation(values)) / Math.sqrt(n);
}

function studentInterval(values: readonly number[], confidence: number): MedianInterval {
  const halfWidth = logHalfWidth(values, confidence);
  const centre = mean(logs(values));
  return {
    median: median(values),
    ciLow: halfWidth === null ? null : backToUnit(centre - halfWidth),
    ciHigh: halfWidth === null ? null : backToUnit(centre + halfWidth),
    n: values.length,
    method: "t-on-log",
    preliminary: true,
    coverage: halfWidth === null ? null : confidence,
  };
}

/** Two wildly different values give a limit beyond the largest double; it stays a number, and above zero. */
const backToUnit = (log: number): number =>
  Math.min(Number.MAX_VALUE, Math.max(Number.MIN_VALUE, Math.exp(log)));
