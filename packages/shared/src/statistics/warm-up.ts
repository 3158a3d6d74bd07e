// When the warm-up is over: measurement.md step 2.
import { requirePositive } from "./input-checks.ts";

/** Two successive rates this close, on the logarithm, end the warm-up. */
const AGREE_WITHIN = 0.02;
/** More requests than this would not warm anything further. */
export const WARM_UP_REQUESTS_MAX = 4;

/** Whether another warm-up request is due. "agreed" and "cap" end the warm-up; all its rates are discarded. */
export type WarmUp = "more" | "agreed" | "cap";

/**
 * Judges the decode rates of the warm-up requests so far, in their order: over once the last two differ by less than
 * 2 % (|ln(r_k / r_k-1)| < 0.02), at the latest after 4. An empty list asks for the first.
 * Source: reference/statistics.md 1.4-2.
 * @throws RangeError when a rate is not above zero.
 */
export function warmUp(rates: readonly number[]): WarmUp {
  requirePositive(rates, "warmUp", 0);
  const last = rates.at(-1);
  const previous = rates.at(-2);
  if (last !== undefined && previous !== undefined && Math.abs(Math.log(last / previous)) < AGREE_WITHIN) {
    return "agreed";
  }
  return rates.length >= WARM_UP_REQUESTS_MAX ? "cap" : "more";
}
