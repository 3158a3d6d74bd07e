// Whose signature a result carries. A machine without a key, or an agent that does not sign yet, is taken at the word of the
// bus, which lets nobody else write there; a signature that is there has to be right.
import type { ArrivedResult } from "@ozone/shared/bus";
import { isResultSignedBy } from "@ozone/shared/result-signature";
import type { Signed } from "../store/results.ts";
import { unusableWords } from "./validate-result.ts";

/** The sentence for a result whose signature is not its sender's. Rows in quarantine are known by it: it stays as it is. */
export const FOREIGN_SIGNATURE = unusableWords("its signature is not that of the machine's key");

/** A result to be taken in. */
export interface IncomingResult extends ArrivedResult {
  /** It was refused for its signature before: as one without any it would count after all. */
  readonly mustBeSigned?: boolean;
}

/**
 * Checks the signature of what arrived.
 * @param publicKey of the machine that the bus says has sent it; undefined: it has none
 * @returns the checked signature; null: there is none; "foreign": somebody else's
 */
export function signedBy(
  { payload, signature, mustBeSigned = false }: IncomingResult,
  publicKey: string | undefined,
): Signed | null | "foreign" {
  if (!signature || publicKey === undefined) return mustBeSigned ? "foreign" : null;
  return isResultSignedBy(publicKey, payload, signature) ? { publicKey, signature } : "foreign";
}
