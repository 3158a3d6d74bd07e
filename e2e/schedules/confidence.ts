// What so many schedules prove, in one sentence: the exact bound, never "always".
import { successLowerBound } from "@ozone/shared/statistics/success-bound";

/** Decimals that are shown: where whole percents would all be 99, one more. */
const PERCENT = 100;
const FINE_FROM = 0.99;

/**
 * "20 of 20: >= 86 % (95 % conf.)": rounded down, so that nothing is claimed that was not proven.
 * @param broken schedules in which an invariant did not hold
 * @param n schedules that were run
 */
export function confidenceStatement(broken: number, n: number): string {
  const bound = successLowerBound(n - broken, n);
  const scale = bound >= FINE_FROM ? PERCENT * 10 : PERCENT;
  const shown = Math.floor(bound * scale) / (scale / PERCENT);
  return `${n - broken} of ${n}: >= ${shown} % (95 % conf.)`;
}
