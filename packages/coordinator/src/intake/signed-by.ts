// Whose signature a result carries. A machine without a key, or an agent that does not sign yet, is taken at the word of the
// bus, which lets nobody else write there; a signature that is there has to be right.
import type { ArrivedResult } from "@ozone/shared/bus";
import { isResultSignedBy } from "@ozone/shared/result-signature";
import type { Signed } from "../store/results.ts";

/** The problem of a result whose signature is not its sender's. */
export const FOREIGN_SIGNATURE = "its signature is not that of the machine's key";

/**
 * Checks the signature of what arrived.
 * @param publicKey of the machine that the bus says has sent it; undefined: it has none
 * @returns the checked signature; null: there is none; "foreign": somebody else's
 */
export function signedBy(
  { payload, signature }: ArrivedResult,
  publicKey: string | undefined,
): Signed | null | "foreign" {
  if (!signature || publicKey === undefined) return null;
  return isResultSignedBy(publicKey, payload, signature) ? { publicKey, signature } : "foreign";
}
