// Whether a finding holds: decided here alone, from the end of the interval that faces the goal.
import type { Finding } from "./claim.ts";

/** A finding as it is reported. A claim that broke has no value. */
export interface Verdict {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly goal: string;
  readonly holds: boolean;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
  readonly detail: string;
}

/** ">= 0.6", "<= 4", "0.97 to 1.03", or "informative" for a goal without ends. */
export function goalText({ least, most }: Finding["goal"]): string {
  if (least !== undefined && most !== undefined) return `${least} to ${most}`;
  if (least !== undefined) return `>= ${least}`;
  return most === undefined ? "informative" : `<= ${most}`;
}

/**
 * The low end must reach `least`, the high end must stay within `most`; without an interval the value stands for both.
 * What is no number holds nothing, and n of 0 proves nothing.
 */
export function holds({ value, goal, low, high, n }: Finding): boolean {
  if (goal.least === undefined && goal.most === undefined) return true;
  if (!(n > 0) || !Number.isFinite(value)) return false;
  const reaches = goal.least === undefined || (low ?? value) >= goal.least;
  const within = goal.most === undefined || (high ?? value) <= goal.most;
  return reaches && within;
}

/** A finding with its verdict. */
export const verdictOf = (finding: Finding): Verdict => ({
  name: finding.name,
  value: Number.isFinite(finding.value) ? finding.value : null,
  unit: finding.unit,
  goal: goalText(finding.goal),
  holds: holds(finding),
  low: finding.low,
  high: finding.high,
  n: finding.n,
  detail: finding.detail ?? "",
});

/** The verdict on a claim that could not be shown at all. */
export const brokenVerdict = (name: string, why: string): Verdict => ({
  name,
  value: null,
  unit: "",
  goal: "runs to its end",
  holds: false,
  low: null,
  high: null,
  n: 0,
  detail: why,
});
