// Drift of the machine between two measurements of the reference configuration: measurement.md step 8.
import { requireFinite, requirePositive } from "./input-checks.ts";
import { logs, mean } from "./spread.ts";

/** Spread of the reference on the logarithm when a machine has no history yet: 1 %. */
export const REFERENCE_SIGMA_DEFAULT = 0.01;
/** Up to this the drift is left alone, if it is also within three sigma. */
const STEADY_WITHIN = 0.03;
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
  /** steady: use as measured. adjust: publish as measured and divided by the interpolated reference. invalid: repeat. */
  readonly verdict: "steady" | "adjust" | "invalid";
  /** The limit that `invalid` applies, on the logarithm: max(ln 1.08, 3 sigma). */
  readonly invalidBeyond: number;
}

/**
 * Judges a bracket. steady: |d| <= 3 sigma and |d| <= ln 1.03; invalid: |d| > max(ln 1.08, 3 sigma); else adjust.
 * Source: measurement.md step 8 for the limit, reference/statistics.md 1.4-9 for the middle.
 * @throws RangeError when a rate or sigma is not above zero.
 */
export function judgeDrift({ startRate, endRate, sigma = REFERENCE_SIGMA_DEFAULT }: Bracket): Drift {
  requirePositive([startRate, endRate, sigma], "judgeDrift");
  const drift = Math.log(endRate / startRate);
  const invalidBeyond = Math.max(Math.log1p(INVALID_BEYOND), 3 * sigma);
  const size = Math.abs(drift);
  if (size > invalidBeyond) return { drift, verdict: "invalid", invalidBeyond };
  const steady = size <= 3 * sigma && size <= Math.log1p(STEADY_WITHIN);
  return { drift, verdict: steady ? "steady" : "adjust", invalidBeyond };
}

/**
 * A rate as it would have been at the start of the bracket: divided by the reference's linear interpolation.
 * @param position where in the bracket the trial ran, 0 (start) to 1 (end).
 * @throws RangeError when a rate is not above zero or the position is outside 0..1.
 */
export function adjustForDrift(rate: number, bracket: Bracket, position: number): number {
  const { startRate, endRate } = bracket;
  requirePositive([rate, startRate, endRate], "adjustForDrift");
  if (!(position >= 0 && position <= 1)) {
    throw new RangeError(`adjustForDrift: position is ${position}, a number from 0 to 1 is needed.`);
  }
  const reference = startRate * (1 - position) + endRate * position;
  return (rate * startRate) / reference;
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
