// What a number of schedules without a broken invariant proves: the exact bound, at 95 %.
import { successLowerBound } from "@ozone/shared/statistics/success-bound";

/** "0 broken of 1000: >= 99.7 % (95 % conf.)"; rounded down, so that nothing is overstated. */
export function confidenceStatement(broken: number, n: number): string {
  const percent = Math.floor(successLowerBound(n - broken, n) * 1000) / 10;
  return `${broken} broken of ${n}: >= ${percent} % (95 % conf.)`;
}
