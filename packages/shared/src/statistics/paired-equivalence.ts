// Showing that two things measured in turns are the same: each pair, or block, gives one ratio.
import type { Equivalence, EquivalenceOptions } from "./equivalence.ts";
import { requireFinite, requirePositive, requireProbability } from "./input-checks.ts";
import { mean, standardDeviation } from "./spread.ts";
import { studentTCdf, studentTQuantile } from "./student-t.ts";

/**
 * Two one-sided t tests on the logarithms of ratios. What both halves of a pair have in common (the state of the machine
 * at that moment) is out of each ratio; between the ratios independence is assumed.
 * Source: Schuirmann 1987, on differences of pairs.
 * @throws RangeError when there are fewer than two ratios, one is not finite, or an option is out of range.
 */
export function pairedEquivalence(
  logRatios: readonly number[],
  { margin = 0.02, alpha = 0.05 }: EquivalenceOptions = {},
): Equivalence {
  requireFinite(logRatios, "pairedEquivalence", 2);
  requirePositive([margin], "pairedEquivalence: margin");
  requireProbability(alpha, "pairedEquivalence: alpha");
  const degreesOfFreedom = logRatios.length - 1;
  const centre = mean(logRatios);
  const error = standardDeviation(logRatios) / Math.sqrt(logRatios.length);
  const limit = Math.log1p(margin);
  const tail = (distance: number): number => {
    if (error === 0) return distance > 0 ? 0 : 1;
    return studentTCdf(-distance / error, degreesOfFreedom);
  };
  const p = Math.max(tail(centre + limit), tail(limit - centre));
  const halfWidth = studentTQuantile(1 - alpha, degreesOfFreedom) * error;
  return {
    equivalent: p < alpha,
    p,
    ratio: Math.exp(centre),
    ratioLow: Math.exp(centre - halfWidth),
    ratioHigh: Math.exp(centre + halfWidth),
  };
}
