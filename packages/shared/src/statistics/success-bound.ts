// What n runs prove about a success rate, and the only wording allowed for it: measurement.md rule 10.
import { inverseRegularizedBeta } from "./beta.ts";
import { binomialCdf } from "./binomial.ts";
import { requireProbability, requireWhole } from "./input-checks.ts";

/**
 * Exact one-sided lower bound of the success rate, 0..1, after s successes in n independent runs.
 * Source: Clopper and Pearson 1934, BetaInv(alpha; s, n - s + 1); with s = n it is alpha^(1/n).
 * @throws RangeError when n is no whole number above zero, s is not within 0..n, or the confidence is outside 0..1.
 */
export function successLowerBound(successes: number, n: number, confidence = 0.95): number {
  requireRuns(successes, n);
  requireProbability(confidence, "successLowerBound: confidence");
  if (successes === 0) return 0;
  if (successes === n) return (1 - confidence) ** (1 / n);
  return inverseRegularizedBeta(1 - confidence, { a: successes, b: n - successes + 1 }).x;
}

/**
 * Runs needed so that, with this many failures among them, the lower bound reaches the target.
 * At 95 %: 59 clean runs prove 95 %, 93 with one failure; 299 clean runs prove 99 %.
 * @param target success rate to prove, between 0 and 1.
 * @throws RangeError when the target or the confidence is outside 0..1, or failures is no whole number.
 */
export function runsNeeded(target: number, failures = 0, confidence = 0.95): number {
  requireProbability(target, "runsNeeded: target");
  requireProbability(confidence, "runsNeeded: confidence");
  requireWhole(failures, "runsNeeded: failures");
  const tailMax = (1 - confidence) * (1 + 1e-12);
  const proves = (n: number) => binomialCdf(failures, { n, p: 1 - target }) <= tailMax;
  let missed = failures;
  let reached = failures + 1;
  while (!proves(reached)) {
    missed = reached;
    reached *= 2;
  }
  while (reached - missed > 1) {
    const middle = Math.floor((missed + reached) / 2);
    if (proves(middle)) reached = middle;
    else missed = middle;
  }
  return reached;
}

/** Success rates that can be proven, highest first: reached at 299, 59, 29, 14 and 5 clean runs. */
const STEPS = [
  { percent: 99, rate: 0.99, grade: "at least 99 %" },
  { percent: 95, rate: 0.95, grade: "at least 95 %" },
  { percent: 90, rate: 0.9, grade: "at least 90 %" },
  { percent: 80, rate: 0.8, grade: "at least 80 %" },
  { percent: 50, rate: 0.5, grade: null },
] as const;

/** The word to print: "preliminary" below 14 runs; "unproven": enough runs, but too many of them failed. */
export type StabilityGrade = "preliminary" | "unproven" | Exclude<(typeof STEPS)[number]["grade"], null>;

/** Below this many runs even a clean record proves less than 80 %. */
export const PRELIMINARY_BELOW_RUNS = 14;
/** A preset is for production from this proven success rate on. */
export const PRODUCTION_BOUND = 0.95;

/** A record of runs, judged at 95 % confidence. */
export interface Stability {
  readonly grade: StabilityGrade;
  /** The highest step that is proven, in percent; 0 when not even half of the runs are proven to succeed. */
  readonly provenPercent: 0 | (typeof STEPS)[number]["percent"];
  /** Lower bound of the success rate, 0..1. */
  readonly bound: number;
  readonly production: boolean;
  /** More runs without a further failure until the next higher step; null at the highest. */
  readonly cleanRunsToNextStep: number | null;
}

/**
 * Grades a record of runs: measurement.md rule 10.
 * @throws RangeError when n is no whole number above zero, or s is not within 0..n.
 */
export function stabilityGrade(successes: number, n: number): Stability {
  const bound = successLowerBound(successes, n);
  const reached = STEPS.find((step) => bound >= step.rate);
  const next = STEPS.findLast((step) => bound < step.rate);
  return {
    grade: reached?.grade ?? (n < PRELIMINARY_BELOW_RUNS ? "preliminary" : "unproven"),
    provenPercent: reached?.percent ?? 0,
    bound,
    production: bound >= PRODUCTION_BOUND,
    cleanRunsToNextStep: next === undefined ? null : runsNeeded(next.rate, n - successes) - n,
  };
}

/**
 * The sentence to print: "5/5, at least 55 % (95 % conf.)". Never "100 %".
 * Whole percents below 90, one decimal from there; to the nearest, but never up to a step that was not proven.
 * @throws RangeError when n is no whole number above zero, or s is not within 0..n.
 */
export function describeStability(successes: number, n: number): string {
  return `${successes}/${n}, at least ${percentText(successLowerBound(successes, n))} % (95 % conf.)`;
}

function percentText(bound: number): string {
  const decimals = bound < 0.9 ? 0 : 1;
  const scale = 10 ** (decimals + 2);
  const nearest = Math.round(bound * scale) / scale;
  const overstates = nearest >= 1 || STEPS.some(({ rate }) => bound < rate && nearest >= rate);
  const shown = overstates ? Math.floor(bound * scale) / scale : nearest;
  return (shown * 100).toFixed(decimals);
}

function requireRuns(successes: number, n: number): void {
  requireWhole(n, "The number of runs", 1);
  requireWhole(successes, "The number of successful runs");
  if (successes > n)
    throw new RangeError(`${successes} successes in ${n} runs can't be: check what was counted.`);
}
