// A test that ends as soon as the runs allow it: for extreme contexts, where a run is dear. It shows that the success
// rate is above 90 %, no more; the bound of success-bound.ts is printed beside it.
import { requireProbability } from "./input-checks.ts";

/** The two rates to tell apart, and the chances of error. */
export interface SequentialRule {
  /** Success rate that should pass (p1). */
  readonly good: number;
  /** Success rate that must not pass (p0), below `good`. */
  readonly bad: number;
  /** Chance that a bad configuration passes. */
  readonly alpha: number;
  /** Chance that a good one is refused. */
  readonly beta: number;
}

/** 99 % against 90 %, 5 % errors: 31 clean runs pass, two early failures refuse (reference/statistics.md 1.6). */
export const EXTREME_RULE: SequentialRule = { good: 0.99, bad: 0.9, alpha: 0.05, beta: 0.05 };

/** Where the test stands. */
export interface SequentialState {
  readonly decision: "accept" | "reject" | "continue";
  /** ln of the likelihood ratio of good to bad, at the decision or so far. */
  readonly logLikelihoodRatio: number;
  /** Runs used up to the decision; later outcomes are not looked at. */
  readonly runsUsed: number;
  /** Further successes in a row that would accept; 0 once decided. */
  readonly cleanRunsToAccept: number;
}

/**
 * Wald's sequential probability ratio test over outcomes in the order they came (true: the run succeeded).
 * Source: A. Wald, Sequential Analysis, 1947: accept at ln((1 - beta) / alpha), reject at ln(beta / (1 - alpha)).
 * @throws RangeError when a rate or error is outside 0..1, or good is not above bad.
 */
export function sequentialTest(
  outcomes: readonly boolean[],
  rule: SequentialRule = EXTREME_RULE,
): SequentialState {
  requireRule(rule);
  const gain = Math.log(rule.good / rule.bad);
  const loss = Math.log((1 - rule.good) / (1 - rule.bad));
  const acceptAt = Math.log((1 - rule.beta) / rule.alpha);
  const rejectAt = Math.log(rule.beta / (1 - rule.alpha));
  let ratio = 0;
  for (const [position, succeeded] of outcomes.entries()) {
    ratio += succeeded ? gain : loss;
    if (ratio >= acceptAt || ratio <= rejectAt) {
      const decision = ratio >= acceptAt ? "accept" : "reject";
      return { decision, logLikelihoodRatio: ratio, runsUsed: position + 1, cleanRunsToAccept: 0 };
    }
  }
  return {
    decision: "continue",
    logLikelihoodRatio: ratio,
    runsUsed: outcomes.length,
    cleanRunsToAccept: Math.ceil((acceptAt - ratio) / gain),
  };
}

function requireRule({ good, bad, alpha, beta }: SequentialRule): void {
  for (const [name, value] of Object.entries({ good, bad, alpha, beta })) {
    requireProbability(value, `sequentialTest: ${name}`);
  }
  if (good <= bad) throw new RangeError(`sequentialTest: good (${good}) must be above bad (${bad}).`);
}
