// The key of a machine: an NKey user (ed25519), made on the machine. The seed never leaves it; the public key names it.
import { nkeys } from "nats";
import { type Signer, signerOf } from "../ed25519.ts";
import { resultClaim } from "../result-signature.ts";

const PUBLIC_KEY = /^U[A-Z2-7]{55}$/;
const encoder = new TextEncoder();

/** A key pair as text: what is kept in a file, and what may be told. */
export interface MachineKey {
  readonly publicKey: string;
  /** Secret. */
  readonly seed: string;
}

/** A new key pair. */
export function makeMachineKey(): MachineKey {
  const pair = nkeys.createUser();
  return { publicKey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) };
}

/** The pair of a seed. @throws when the text is no seed of a user */
export function machineKeyOf(seed: string): MachineKey {
  const publicKey = nkeys.fromSeed(encoder.encode(seed)).getPublicKey();
  if (!isPublicKey(publicKey)) throw new RangeError("the seed is not that of a user");
  return { publicKey, seed };
}

/** A new key of an account: whoever holds its seed may say who a user of the bus is (auth-callout.ts). */
export const makeIssuerSeed = (): string => new TextDecoder().decode(nkeys.createAccount().getSeed());

/** Signs as that account. @throws when the text is no seed of an account */
export function issuerOf(seed: string): Signer {
  const publicKey = nkeys.fromSeed(encoder.encode(seed)).getPublicKey();
  if (!publicKey.startsWith("A")) throw new RangeError("the seed is not that of an account");
  return signerOf(seed, publicKey);
}

/** Whether a text is a public key: letters, length and check sum. */
export function isPublicKey(text: string): boolean {
  if (!PUBLIC_KEY.test(text)) return false;
  try {
    nkeys.fromPublic(text);
    return true;
  } catch {
    return false; // the check sum is wrong
  }
}

/** Signs a text. */
export const signText = ({ seed }: MachineKey, text: string): Uint8Array =>
  nkeys.fromSeed(encoder.encode(seed)).sign(encoder.encode(text));

/** Signs the bytes of one result. */
export const signResult = (key: MachineKey, payload: Uint8Array): Uint8Array =>
  signText(key, resultClaim(payload));

/** Whether the holder of the key signed this text. Never throws: what is no key or no signature was not signed. */
export function isSignedBy(publicKey: string, text: string, signature: Uint8Array): boolean {
  try {
    return isPublicKey(publicKey) && nkeys.fromPublic(publicKey).verify(encoder.encode(text), signature);
  } catch {
    return false; // a signature of another length
  }
}
