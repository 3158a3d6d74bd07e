// A machine enrols: it proves its key and uses its token up, in one transaction with its identity.
import { createHash } from "node:crypto";
import { isMachineId, isPublicKey, isSignedBy } from "@ozone/shared/bus";
import {
  type AdmissionState,
  isEnrolmentToken,
  isMachineName,
  MACHINE_NAME_WORDS,
  type ProofPurpose,
  proofText,
} from "@ozone/shared/enrolment";
import { OzoneError } from "@ozone/shared/errors";
import { noteAct } from "../store/acts.ts";
import { tokenOfDigest, useToken } from "../store/enrolment-tokens.ts";
import { findIdentity, holderOfKey, saveIdentity } from "../store/machine-identities.ts";
import { findMachine } from "../store/machines.ts";
import type { Store, Transaction } from "../store/open-store.ts";
import type { Challenges } from "./challenge.ts";
import { decideEnrolment } from "./decide-enrolment.ts";

/** What a machine says to enrol. Nothing of it is trusted. */
export interface EnrolmentRequest {
  readonly token: string;
  readonly publicKey: string;
  readonly machineId: string;
  readonly name: string;
  readonly nonce: string;
  readonly signature: Uint8Array;
}

/** SHA-256 of a token: 256 random bits need no salt, and are looked up by digest, so that no comparison tells of them. */
export const digestOfToken = (token: string): string => createHash("sha256").update(token).digest("hex");

const refuse = (sentence: string): never => {
  throw new OzoneError("invalid_input", sentence);
};

/** @throws OzoneError invalid_input unless the holder of the key signed this moment's challenge for this purpose */
function requireProof(
  challenges: Challenges,
  said: Omit<EnrolmentRequest, "token" | "name">,
  purpose: ProofPurpose,
  tokenDigest: string,
): void {
  const { publicKey, machineId, nonce, signature } = said;
  if (!isPublicKey(publicKey)) refuse("The key is no public key of a machine (NKey of a user).");
  if (!isMachineId(machineId)) refuse("The machine id is not 1 to 64 of a-z, 0-9 and -.");
  if (!challenges.isGood(nonce)) refuse("The challenge is not of this minute; ask for a new one.");
  const text = proofText({ purpose, nonce, machineId, publicKey, tokenDigest });
  if (!isSignedBy(publicKey, text, signature)) refuse("The signature was not made with this key.");
}

const WHY_NOT = {
  used: "This token was used already; an administrator can make another with `ozone enroll token create`.",
  expired: "This token has expired; an administrator can make another with `ozone enroll token create`.",
  withdrawn: "This token was withdrawn; an administrator can make another with `ozone enroll token create`.",
} as const;

/** The token is not open for this machine: the answer of a first call that was not heard, or why not. */
async function answerAgain(tx: Transaction, digest: string, said: EnrolmentRequest): Promise<AdmissionState> {
  const token = await tokenOfDigest(tx, digest);
  if (!token) return refuse("This token is not known here; check it, and which coordinator it is of.");
  if (token.state === "open")
    return refuse(`This token is for ${token.machineId}, not for ${said.machineId}.`);
  const identity = await findIdentity(tx, said.machineId);
  const again = token.usedBy === said.machineId && identity?.publicKey === said.publicKey;
  return again ? identity.state : refuse(WHY_NOT[token.state]);
}

async function enrolOnce(tx: Transaction, digest: string, said: EnrolmentRequest): Promise<AdmissionState> {
  const { machineId, publicKey, name } = said;
  const token = await useToken(tx, digest, machineId);
  if (!token) return answerAgain(tx, digest, said);
  const known = await findIdentity(tx, machineId, true);
  const decision = decideEnrolment({
    ...{ machineId, publicKey, known, token },
    announced: (await findMachine(tx, machineId)) !== null,
    holderOfKey: await holderOfKey(tx, publicKey),
  });
  // Thrown, so that a refused enrolment does not use its token up.
  if ("refused" in decision) return refuse(decision.refused);
  await saveIdentity(tx, { machineId, name, publicKey, state: decision.state });
  const detail = `${name}, key ${publicKey}, ${decision.state}${known ? ", again" : ""}`;
  await noteAct(tx, { who: machineId, what: "enrolled", about: machineId, detail });
  return decision.state;
}

/**
 * Enrols a machine.
 * @throws OzoneError invalid_input with one sentence
 * @returns how it stands now
 */
export async function enrolMachine(
  store: Store,
  challenges: Challenges,
  said: EnrolmentRequest,
): Promise<AdmissionState> {
  if (!isEnrolmentToken(said.token)) refuse("This is no token of `ozone enroll token create`.");
  if (!isMachineName(said.name)) refuse(`The name of a machine ${MACHINE_NAME_WORDS}.`);
  const digest = digestOfToken(said.token);
  requireProof(challenges, said, "enrol", digest);
  return store.db.transaction((tx) => enrolOnce(tx, digest, said));
}

/**
 * Where the admission of a machine stands, for who proves its key.
 * @throws OzoneError invalid_input, not_found
 */
export async function admissionOf(
  store: Store,
  challenges: Challenges,
  said: Omit<EnrolmentRequest, "token" | "name">,
): Promise<AdmissionState> {
  requireProof(challenges, said, "ask", "");
  const identity = await findIdentity(store.db, said.machineId);
  if (identity?.publicKey === said.publicKey) return identity.state;
  throw new OzoneError("not_found", `${said.machineId} has not enrolled here with this key.`);
}
