// Drift of the machine between two measurements of the reference configuration: measurement.md step 8.
import { requireFinite, requirePositive } from "./input-checks.ts";
import { logs, mean } from "./spread.ts";

/** Spread of the reference on the logarithm when a machine has no history yet: 1 %. */
export const REFERENCE_SIGMA_DEFAULT = 0.01;
/** Beyond this, or three sigma if that is more, what lies between is invalid. */
const INVALID_BEYOND = 0.08;

/** A bracket: the reference's rate before and after a series of trials, in the same unit. */
export interface Bracket {
  readonly startRate: number;
  readonly endRate: number;
  /** Standard deviation of the reference's logarithm within this machine. */
  readonly sigma?: number;
}

/** What a bracket says about the trials inside. */
export interface Drift {
  /** ln(end / start): -0.05 is about 5 % slower. */
  readonly drift: number;
  /** steady: use as measured. invalid: measure again. */
  readonly verdict: "steady" | "invalid";
  /** The limit that `invalid` applies, on the logarithm: max(ln 1.08, 3 sigma). */
  readonly invalidBeyond: number;
}

/**
 * Judges a bracket. invalid: |d| > max(ln 1.08, 3 sigma). Nothing is corrected for drift: a corrected rate was never
 * measured. Source: measurement.md step 8.
 * @throws RangeError when a rate or sigma is not above zero.
 */
export function judgeDrift({ startRate, endRate, sigma = REFERENCE_SIGMA_DEFAULT }: Bracket): Drift {
  requirePositive([startRate, endRate, sigma], "judgeDrift");
  const drift = Math.log(endRate / startRate);
  const invalidBeyond = Math.max(Math.log1p(INVALID_BEYOND), 3 * sigma);
  return { drift, verdict: Math.abs(drift) > invalidBeyond ? "invalid" : "steady", invalidBeyond };
}

/**
 * Standard deviation of the reference's logarithm, pooled over groups measured close together (each bracket end is
 * one group), so that slow drift does not count as noise. The default of 1 % when no group has two different values.
 * @throws RangeError when a value is not above zero.
 */
export function pooledSigma(groups: readonly (readonly number[])[]): number {
  let squares = 0;
  let degrees = 0;
  for (const group of groups) {
    if (group.length < 2) continue;
    const values = logs(group);
    const centre = mean(values);
    squares += values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
    degrees += group.length - 1;
  }
  requireFinite([squares], "pooledSigma");
  return degrees === 0 || squares === 0 ? REFERENCE_SIGMA_DEFAULT : Math.sqrt(squares / degrees);
}
