// A high percentile with the end of its interval that faces a limit, by order statistics.
import { binomialCdf } from "@ozone/shared/statistics/binomial";
import { quantile, sortedCopy } from "@ozone/shared/statistics/median";

/**
 * The p-quantile and the least order statistic that is above it with 95 % confidence (one-sided).
 * @returns high null when the values are too few for such a bound (59 are needed for p = 0.95)
 */
export function percentileBound(
  values: readonly number[],
  p: number,
): { value: number; high: number | null } {
  const sorted = sortedCopy(values);
  const value = quantile(values, p);
  // x(k) is at or above the quantile unless k or more of the values lie below it.
  for (let k = 1; k <= sorted.length; k += 1) {
    if (binomialCdf(k - 1, { n: sorted.length, p }) >= 0.95) return { value, high: sorted[k - 1] ?? null };
  }
  return { value, high: null };
}
