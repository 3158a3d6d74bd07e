// The shift between two samples by the median of all pairwise differences, with its exact interval: robust against a
// few gross events, and honest about how little few samples prove.
import { at, requireFinite } from "./input-checks.ts";
import { shiftRank } from "./mann-whitney.ts";
import { logs } from "./spread.ts";

/** How much larger the first sample is than the second. */
export interface Shift {
  readonly shift: number;
  /** Null when the samples are too few for an interval of this confidence (3 against 3 at 95 %). */
  readonly low: number | null;
  readonly high: number | null;
  /** Probability that the interval holds the shift (at least, when there are ties); null without interval. */
  readonly coverage: number | null;
}

/**
 * Hodges-Lehmann shift median(a_i - b_j), in the unit of the values, and [D(K), D(nm + 1 - K)] of the sorted differences.
 * Source: Hodges and Lehmann 1963; Hollander, Wolfe and Chicken 4.2 and 4.3; K from mann-whitney.ts.
 * @throws RangeError when a sample is empty or holds a value that is not finite.
 */
export function hodgesLehmann(a: readonly number[], b: readonly number[], confidence = 0.95): Shift {
  requireFinite(a, "hodgesLehmann: first sample");
  requireFinite(b, "hodgesLehmann: second sample");
  const differences = new Float64Array(a.length * b.length);
  for (const [i, left] of a.entries()) {
    for (const [j, right] of b.entries()) differences[i * b.length + j] = left - right;
  }
  differences.sort();
  const count = differences.length;
  const shift = (at(differences, (count - 1) >> 1) + at(differences, count >> 1)) / 2;
  const rank = shiftRank(a.length, b.length, confidence);
  if (rank === null) return { shift, low: null, high: null, coverage: null };
  return {
    shift,
    low: at(differences, rank.k - 1),
    high: at(differences, count - rank.k),
    coverage: rank.coverage,
  };
}

/**
 * The same on the natural logarithms of positive values: a shift of 0.02 is about 2 % more.
 * @throws RangeError when a sample is empty or holds a value that is not above zero.
 */
export const logShift = (a: readonly number[], b: readonly number[], confidence = 0.95): Shift =>
  hodgesLehmann(logs(a), logs(b), confidence);
