// Showing that two things are the same: not failing to find a difference, but finding that it must be small.
import { requirePositive, requireProbability } from "./input-checks.ts";
import { logs, mean, standardDeviation } from "./spread.ts";
import { studentTCdf, studentTQuantile } from "./student-t.ts";

/** Two one-sided tests on the logarithm of the ratio of two samples. */
export interface Equivalence {
  readonly equivalent: boolean;
  /** The larger of the two one-sided probabilities. */
  readonly p: number;
  /** Geometric mean of the first over that of the second: 1.01 is 1 % more. */
  readonly ratio: number;
  /** Two-sided interval of the ratio at confidence 1 - 2 alpha: inside the margin exactly when equivalent. */
  readonly ratioLow: number;
  readonly ratioHigh: number;
}

/** How to test. */
export interface EquivalenceOptions {
  /** 0.02: equivalent means between 1 / 1.02 and 1.02 times. */
  readonly margin?: number;
  readonly alpha?: number;
}

/**
 * Two one-sided tests (TOST) of positive values in the same unit, on the logarithms, with unequal variances.
 * Source: Schuirmann 1987; Welch's t with the degrees of freedom of Satterthwaite 1946.
 * @throws RangeError when a sample has fewer than two values, a value is not above zero, or an option is out of range.
 */
export function equivalence(
  a: readonly number[],
  b: readonly number[],
  { margin = 0.02, alpha = 0.05 }: EquivalenceOptions = {},
): Equivalence {
  requirePositive(a, "equivalence: first sample", 2);
  requirePositive(b, "equivalence: second sample", 2);
  requirePositive([margin], "equivalence: margin");
  requireProbability(alpha, "equivalence: alpha");
  const { difference, error, degreesOfFreedom } = welch(logs(a), logs(b));
  const limit = Math.log1p(margin);
  const p = Math.max(
    tail((difference + limit) / error, degreesOfFreedom),
    tail((limit - difference) / error, degreesOfFreedom),
  );
  const halfWidth = error === 0 ? 0 : studentTQuantile(1 - alpha, degreesOfFreedom) * error;
  return {
    equivalent: p < alpha,
    p,
    ratio: Math.exp(difference),
    ratioLow: Math.exp(difference - halfWidth),
    ratioHigh: Math.exp(difference + halfWidth),
  };
}

/** Probability of a t at least this large; without any spread the answer is certain either way. */
function tail(t: number, degreesOfFreedom: number): number {
  if (Number.isNaN(t)) return 1;
  return studentTCdf(-t, degreesOfFreedom);
}

function welch(a: readonly number[], b: readonly number[]) {
  const difference = mean(a) - mean(b);
  const first = standardDeviation(a) ** 2 / a.length;
  const second = standardDeviation(b) ** 2 / b.length;
  const error = Math.sqrt(first + second);
  const denominator = first ** 2 / (a.length - 1) + second ** 2 / (b.length - 1);
  const degreesOfFreedom = denominator > 0 ? (first + second) ** 2 / denominator : a.length + b.length - 2;
  return { difference, error, degreesOfFreedom };
}
