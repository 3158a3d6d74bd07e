// The one rule by which two configurations are compared: measurement.md step 6, reference/statistics.md 1.5.
import { logShift, type Shift } from "./hodges-lehmann.ts";
import { requirePositive } from "./input-checks.ts";

/** Differences inside +-2 % are of no use to anybody. */
export const TIE_MARGIN = 0.02;

/** What the samples say of the first against the second; "undecided" asks for more samples, or for the tie-break. */
export type Verdict = "better" | "worse" | "tie" | "undecided";

/** A comparison: the verdict, and the shift on the logarithm (first over second) that it rests on. */
export interface RateComparison extends Shift {
  readonly verdict: Verdict;
  /** exp(shift): 1.03 says the first sample's values are 3 % larger. */
  readonly ratio: number;
}

/** How to compare. */
export interface CompareOptions {
  /** 0.02: a difference inside +-2 % counts as none. */
  readonly margin?: number;
  readonly confidence?: number;
  /** True for durations, bytes and the like. The shift keeps its sign, the verdict turns round. */
  readonly lowerIsBetter?: boolean;
}

/**
 * Compares two samples of positive values in the same unit, by the Hodges-Lehmann shift of their logarithms.
 * better: the interval lies above zero and the shift above ln(1 + margin); worse: the mirror image; tie: the interval
 * lies inside +-ln(1 + margin); undecided: anything else, and samples too few for an interval.
 * @throws RangeError when a sample is empty, a value is not above zero, or the margin is not above zero.
 */
export function compareRates(
  a: readonly number[],
  b: readonly number[],
  { margin = TIE_MARGIN, confidence = 0.95, lowerIsBetter = false }: CompareOptions = {},
): RateComparison {
  requirePositive([margin], "compareRates: margin");
  const shift = logShift(a, b, confidence);
  const verdict = verdictOf(shift, Math.log1p(margin));
  return { ...shift, verdict: lowerIsBetter ? mirrored(verdict) : verdict, ratio: Math.exp(shift.shift) };
}

function verdictOf({ shift, low, high }: Shift, margin: number): Verdict {
  if (low === null || high === null) return "undecided";
  if (low > 0 && shift > margin) return "better";
  if (high < 0 && shift < -margin) return "worse";
  return low >= -margin && high <= margin ? "tie" : "undecided";
}

function mirrored(verdict: Verdict): Verdict {
  if (verdict === "better") return "worse";
  return verdict === "worse" ? "better" : verdict;
}
