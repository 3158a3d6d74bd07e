// When enough samples were taken: measurement.md step 5. Only ever for confirmation samples, never for the screening
// that selected a configuration: stopping at a lucky moment would favour it.
import { requirePositive, requireWhole } from "./input-checks.ts";
import { logHalfWidth } from "./interval.ts";

/** Half widths to reach, as a share of the median (measurement.md step 5). */
export const PRECISION_TARGETS = { decode: 0.02, prefill: 0.03, ttft: 0.05, quick: 0.05 } as const;

/** Fewest samples of a confirmation: what order statistics need for 95 %. */
export const CONFIRMATION_SAMPLES_MIN = 6;
/** Most samples of a confirmation; what is not precise by then is published as imprecise. */
export const CONFIRMATION_SAMPLES_MAX = 15;

/** What the samples so far say. */
export interface StopDecision {
  /** "precise": target reached. "imprecise": cap or time used up, print the half width. null: go on. */
  readonly stop: "precise" | "imprecise" | null;
  /** On the logarithm, without a unit: 0.02 is about 2 %. Null below two samples. */
  readonly halfWidth: number | null;
}

/** The samples so far and the rule. */
export interface StopQuestion {
  /** Positive values in any one unit. */
  readonly values: readonly number[];
  /** 0.02 asks for an interval of about +-2 %. */
  readonly relativeTarget: number;
  readonly minimum?: number;
  readonly cap?: number;
  /** True when the trial's time is used up: then what there is must do. */
  readonly outOfTime?: boolean;
}

/**
 * Whether to stop sampling: from `minimum` on once t(.975, n - 1) s_ln / sqrt(n) <= ln(1 + target), at `cap` anyway.
 * Source: reference/statistics.md 1.4-5.
 * @throws RangeError when a value is not above zero, the target is not above zero, or cap < minimum.
 */
export function shouldStop(question: StopQuestion): StopDecision {
  const { values, relativeTarget, outOfTime = false } = question;
  const minimum = question.minimum ?? CONFIRMATION_SAMPLES_MIN;
  const cap = question.cap ?? CONFIRMATION_SAMPLES_MAX;
  requirePositive([relativeTarget], "shouldStop: relativeTarget");
  requireWhole(minimum, "shouldStop: minimum", 1);
  requireWhole(cap, "shouldStop: cap", minimum);
  const halfWidth = values.length === 0 ? null : logHalfWidth(values);
  const enough = values.length >= minimum;
  if (enough && halfWidth !== null && halfWidth <= Math.log1p(relativeTarget))
    return { stop: "precise", halfWidth };
  if (values.length >= cap || outOfTime) return { stop: "imprecise", halfWidth };
  return { stop: null, halfWidth };
}
