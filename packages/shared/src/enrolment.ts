// What both ends of an enrolment must agree on: the text that a machine signs, and what may be a name. Pure.

/** What a signature is for: one made for the one is worth nothing for the other. */
export type ProofPurpose = "enrol" | "ask";

/** What is signed. */
export interface Proof {
  readonly purpose: ProofPurpose;
  /** The coordinator's, used within a minute. */
  readonly nonce: string;
  readonly machineId: string;
  readonly publicKey: string;
  /** SHA-256 of the token, in hexadecimal; empty when there is none. */
  readonly tokenDigest: string;
}

/**
 * The text that a machine signs with its key. The first line keeps it apart from what the same key signs elsewhere
 * (NATS has its clients sign a bare nonce); no field can hold a line feed and pass the checks on both ends.
 */
export const proofText = ({ purpose, nonce, machineId, publicKey, tokenDigest }: Proof): string =>
  ["ozone.enrolment.v1", purpose, nonce, machineId, publicKey, tokenDigest].join("\n");

/** Names of machines: no character that a terminal, a shell, a file name or a page could take for more than a name. */
const MACHINE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Whether a text may name a machine. */
export const isMachineName = (text: string): boolean => MACHINE_NAME.test(text);

/** What a name has to be, behind its subject. */
export const MACHINE_NAME_WORDS = "has letters, digits, dot, dash and underscore only, at most 63";

/** How tokens begin, so that a person and a secret scanner know what they see. */
export const TOKEN_PREFIX = "ozone-enrol-";

const TOKEN = new RegExp(`^${TOKEN_PREFIX}[A-Za-z0-9_-]{43}$`);

/** Whether a text looks like a token. */
export const isEnrolmentToken = (text: string): boolean => TOKEN.test(text);

/** Where the admission of a machine stands. */
export type AdmissionState = "pending" | "approved" | "revoked" | "removed";
