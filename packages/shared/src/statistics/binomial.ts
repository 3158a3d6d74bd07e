// The binomial distribution: how many successes n independent tries give.
import { betaAt } from "./beta.ts";
import { requireWhole } from "./input-checks.ts";
import { logGamma } from "./log-gamma.ts";

/** n independent tries that each succeed with probability p. */
export interface Tries {
  readonly n: number;
  readonly p: number;
}

/**
 * Probability of exactly k successes.
 * @throws RangeError when k or n is no whole number, or p is outside 0..1.
 */
export function binomialPmf(k: number, tries: Tries): number {
  requireTries(k, tries);
  const { n, p } = tries;
  if (k > n) return 0;
  if (p === 0) return k === 0 ? 1 : 0;
  if (p === 1) return k === n ? 1 : 0;
  const logWays = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  return Math.exp(logWays + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

/**
 * Probability of at most k successes.
 * Source: DLMF 8.17.5, P(X <= k) = I_{1-p}(n - k, k + 1).
 * @throws RangeError when k or n is no whole number, or p is outside 0..1.
 */
export function binomialCdf(k: number, tries: Tries): number {
  requireTries(k, tries);
  const { n, p } = tries;
  if (k >= n) return 1;
  return betaAt({ x: 1 - p, y: p }, { a: n - k, b: k + 1 });
}

function requireTries(k: number, { n, p }: Tries): void {
  requireWhole(k, "The number of successes");
  requireWhole(n, "The number of tries");
  if (!(p >= 0 && p <= 1))
    throw new RangeError(`The success probability is ${p}, a number from 0 to 1 is needed.`);
}
