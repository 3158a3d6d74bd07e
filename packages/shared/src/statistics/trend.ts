// Whether a series falls or rises over time: used inside a sustained run to tell a machine that slows down.
import { at, requireFinite } from "./input-checks.ts";
import { inversionNull } from "./kendall-null.ts";
import { median, sortedCopy } from "./median.ts";
import { normalCdf } from "./normal.ts";

/** Up to this length, and without ties, the probability is exact. */
const EXACT_UP_TO = 10;

/** The Mann-Kendall test of a series in the order of time. */
export interface Trend {
  /** Rising pairs minus falling pairs. */
  readonly s: number;
  /** S over the number of pairs, -1 (always falling) to 1 (always rising). */
  readonly tau: number;
  /** Two-sided probability of so strong a trend in a random order. */
  readonly p: number;
}

/**
 * Mann-Kendall test for a trend, ties allowed; a minute of tokens (thousands of values) takes milliseconds.
 * Source: Mann 1945, Kendall 1975; variance with ties as in Gilbert, Statistical Methods for Environmental Pollution
 * Monitoring, 1987, 16.4.2; exact for up to 10 values without ties, else normal with continuity correction.
 * Neighbouring values that depend on each other make it see trends too easily: pair it with the size of the effect.
 * @throws RangeError when there are fewer than three values or one is not finite.
 */
export function mannKendall(values: readonly number[]): Trend {
  requireFinite(values, "mannKendall", 3);
  const n = values.length;
  const pairs = (n * (n - 1)) / 2;
  const groups = tieGroups(values);
  const tiedPairs = groups.reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  const s = pairs - tiedPairs - 2 * countFallingPairs(values);
  const p = n <= EXACT_UP_TO && tiedPairs === 0 ? exactP(n, s) : normalP(s, varianceOf(n, groups));
  return { s, tau: s / pairs, p };
}

function exactP(n: number, s: number): number {
  const probabilities = inversionNull(n);
  const inversions = ((n * (n - 1)) / 2 - Math.abs(s)) / 2;
  const tail = probabilities.slice(0, inversions + 1).reduce((sum, probability) => sum + probability, 0);
  return Math.min(1, 2 * tail);
}

function normalP(s: number, variance: number): number {
  if (variance <= 0 || s === 0) return 1;
  return 2 * normalCdf(-(Math.abs(s) - 1) / Math.sqrt(variance));
}

function varianceOf(n: number, groups: readonly number[]): number {
  const term = (size: number) => size * (size - 1) * (2 * size + 5);
  return (term(n) - groups.reduce((sum, size) => sum + term(size), 0)) / 18;
}

/** Sizes of the groups of equal values. */
function tieGroups(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()];
}

/** Pairs whose later value is smaller, counted while merge sorting. */
function countFallingPairs(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = values.length >> 1;
  const left = values.slice(0, middle);
  const right = values.slice(middle);
  const inside = countFallingPairs(left) + countFallingPairs(right);
  const sortedLeft = sortedCopy(left);
  const sortedRight = sortedCopy(right);
  let across = 0;
  let smaller = 0;
  for (const value of sortedLeft) {
    while (smaller < sortedRight.length && at(sortedRight, smaller) < value) smaller += 1;
    across += smaller;
  }
  return inside + across;
}

/**
 * Median of the last third over median of the first third of a series of positive values: 0.9 says it lost 10 %.
 * @throws RangeError when there are fewer than three values, one is not finite, or the first third's median is not above zero.
 */
export function thirdsRatio(values: readonly number[]): number {
  requireFinite(values, "thirdsRatio", 3);
  const third = Math.floor(values.length / 3);
  const first = median(values.slice(0, third));
  if (!(first > 0))
    throw new RangeError(`thirdsRatio: the first third's median is ${first}, not above zero.`);
  return median(values.slice(values.length - third)) / first;
}

/** Sign of throttling inside a sustained run. */
export interface ThrottlingSign extends Trend {
  readonly ratio: number;
  readonly throttled: boolean;
}

/** Last third below this share of the first third, and ... */
const THROTTLED_BELOW = 0.95;
/** ... a falling trend this improbable by chance. */
const THROTTLED_P = 0.01;

/**
 * Whether rates inside one sustained run (at least 60 s, in the order of time) show throttling: the last third lost
 * more than 5 % and the fall is significant (p < 0.01). Source: reference/statistics.md 1.4-10.
 * @throws RangeError as mannKendall and thirdsRatio do.
 */
export function throttlingSign(rates: readonly number[]): ThrottlingSign {
  const trend = mannKendall(rates);
  const ratio = thirdsRatio(rates);
  return { ...trend, ratio, throttled: ratio < THROTTLED_BELOW && trend.s < 0 && trend.p < THROTTLED_P };
}
