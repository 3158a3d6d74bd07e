// Whether a machine may enrol with a token that is good, and how it stands then: a pure decision.
import type { AdmissionState } from "@ozone/shared/enrolment";

/** What is known when a machine enrols. */
export interface EnrolmentFacts {
  readonly machineId: string;
  readonly publicKey: string;
  /** The identity under its id, if any. */
  readonly known: { readonly publicKey: string | null; readonly state: AdmissionState } | null;
  /** The machine announced itself, with or without an identity. */
  readonly announced: boolean;
  /** Which machine holds this key already, if any. */
  readonly holderOfKey: string | null;
  readonly token: { readonly approved: boolean; readonly machineId: string | null };
}

/** The state that it gets, or why not. */
export type EnrolmentDecision = { readonly state: AdmissionState } | { readonly refused: string };

/** Decides about one enrolment. */
export function decideEnrolment(facts: EnrolmentFacts): EnrolmentDecision {
  const { machineId, publicKey, known, announced, holderOfKey, token } = facts;
  if (holderOfKey !== null && holderOfKey !== machineId)
    return { refused: "This key belongs to another machine." };
  if (known?.state === "revoked")
    return {
      refused: `${machineId} was revoked; an administrator can let it in with \`ozone machine approve ${machineId}\`.`,
    };
  const sameKey = known?.publicKey === publicKey && known.state !== "removed";
  // Ids are no secret: whoever holds any token must not become a machine that is there already.
  if ((known !== null || announced) && !sameKey && token.machineId !== machineId)
    return {
      refused: `${machineId} is known here already; it needs a token of its own: \`ozone enroll token create --machine ${machineId}\`.`,
    };
  if (token.approved || (sameKey && known?.state === "approved")) return { state: "approved" };
  return { state: "pending" };
}
