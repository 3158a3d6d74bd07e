// The null distribution of the Mann-Whitney statistic, and the rank it gives to the interval of a shift.
import { at, requireProbability, requireWhole } from "./input-checks.ts";
import { normalQuantile } from "./normal.ts";

/** Above this product of sizes the normal approximation is used: it is then within one rank, the counting is not cheap. */
const EXACT_PRODUCT_MAX = 2500;
/** Rounding of the confidence must not turn 5 % into slightly less than 5 %. */
const ROUNDING = 1e-12;

/**
 * Probabilities of U = 0, 1, ..., n m when both samples come from one continuous distribution.
 * Source: Mann and Whitney 1947, the recurrence on which sample holds the largest value:
 * p(n, m, u) = n / (n + m) p(n - 1, m, u - m) + m / (n + m) p(n, m - 1, u). Only sums, so nothing cancels.
 * @throws RangeError when a size is no whole number above zero.
 */
export function mannWhitneyNull(n: number, m: number): Float64Array {
  requireWhole(n, "mannWhitneyNull: first size", 1);
  requireWhole(m, "mannWhitneyNull: second size", 1);
  // Row j holds the distribution for (i, j); i grows in the outer loop.
  let rows: Float64Array[] = Array.from({ length: m + 1 }, () => Float64Array.of(1));
  for (let i = 1; i <= n; i += 1) {
    const grown: Float64Array[] = [Float64Array.of(1)];
    for (let j = 1; j <= m; j += 1) grown.push(mix(rows[j], grown[j - 1], { i, j }));
    rows = grown;
  }
  return rows[m] ?? Float64Array.of(1);
}

/** One step of the recurrence: `fewerFirst` is the distribution for (i - 1, j), `fewerSecond` the one for (i, j - 1). */
function mix(
  fewerFirst: Float64Array | undefined,
  fewerSecond: Float64Array | undefined,
  { i, j }: { i: number; j: number },
): Float64Array {
  const result = new Float64Array(i * j + 1);
  const share = i / (i + j);
  for (let u = 0; u <= i * j; u += 1) {
    result[u] = share * (fewerFirst?.[u - j] ?? 0) + (1 - share) * (fewerSecond?.[u] ?? 0);
  }
  return result;
}

/** The rank of the interval limits among the n m sorted differences, and what it covers. */
export interface ShiftRank {
  /** Limits are the K-th smallest and the K-th largest difference. */
  readonly k: number;
  /** Probability that the interval holds the shift; exact up to sizes of about 50, else the nominal confidence. */
  readonly coverage: number;
}

/**
 * K = U_crit + 1, the rank of the two-sided interval of a shift, or null when the samples are too few for any.
 * At 95 % and n = m: 4: 1, 5: 3, 6: 6, 7: 9, 8: 14, 10: 24; 3: none.
 * Source: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 4.3; reference/statistics.md 1.5.
 * @throws RangeError when a size is no whole number above zero, or the confidence is outside 0..1.
 */
export function shiftRank(n: number, m: number, confidence = 0.95): ShiftRank | null {
  requireWhole(n, "shiftRank: first size", 1);
  requireWhole(m, "shiftRank: second size", 1);
  requireProbability(confidence, "shiftRank: confidence");
  return n * m > EXACT_PRODUCT_MAX ? approximateRank(n, m, confidence) : exactRank(n, m, confidence);
}

function exactRank(n: number, m: number, confidence: number): ShiftRank | null {
  const probabilities = mannWhitneyNull(n, m);
  const tailMax = (1 - confidence) / 2 + ROUNDING;
  let tail = 0;
  let k = 0;
  while (tail + at(probabilities, k) <= tailMax) {
    tail += at(probabilities, k);
    k += 1;
  }
  return k === 0 ? null : { k, coverage: 1 - 2 * tail };
}

function approximateRank(n: number, m: number, confidence: number): ShiftRank | null {
  const spread = Math.sqrt((n * m * (n + m + 1)) / 12);
  const k = Math.floor((n * m) / 2 + normalQuantile((1 - confidence) / 2) * spread);
  return k < 1 ? null : { k, coverage: confidence };
}
