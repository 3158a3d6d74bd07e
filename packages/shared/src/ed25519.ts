// NKeys by Node's own Ed25519: the client of the bus has it in JavaScript, where one signature takes as long as a hundred here,
// and who checks each result and each connection has no time for that.
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const PUBLIC_KEY = /^[AUN][A-Z2-7]{55}$/;
const SEED = /^S[AUN][A-Z2-7]{56}$/;
/** A seed begins with two bytes for what it is, a public key with one. */
const SEED_AT = 2;
const PUBLIC_AT = 1;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const KEYS_KEPT = 10_000;

/** Who signs: the seed stays inside. */
export interface Signer {
  readonly publicKey: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** The key inside an NKey: base32 of bytes for its kind, the key, two for the check sum. */
function keyBytes(nkey: string, from: number): Buffer {
  let bits = 0;
  let held = 0;
  const bytes: number[] = [];
  for (const letter of nkey) {
    bits = (bits << 5) | ALPHABET.indexOf(letter);
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes.push((bits >> held) & 0xff);
    bits &= (1 << held) - 1;
  }
  return Buffer.from(bytes.slice(from, from + KEY_BYTES));
}

const jwkOf = (publicKey: string) => ({
  kty: "OKP",
  crv: "Ed25519",
  x: keyBytes(publicKey, PUBLIC_AT).toString("base64url"),
});

const keys = new Map<string, KeyObject>();

function keyObject(publicKey: string): KeyObject {
  const known = keys.get(publicKey);
  if (known) return known;
  if (keys.size >= KEYS_KEPT) keys.clear();
  const made = createPublicKey({ key: jwkOf(publicKey), format: "jwk" });
  keys.set(publicKey, made);
  return made;
}

/**
 * Whether the holder of an NKey (of a user, an account or a server) signed these bytes. Never throws: what is no key or
 * signature signed nothing. The key's check sum is not looked at: who has to know asks `isPublicKey`.
 */
export function isSignedByNkey(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || !PUBLIC_KEY.test(publicKey)) return false;
  try {
    return verify(null, bytes, keyObject(publicKey), signature);
  } catch {
    return false;
  }
}

/** Signs as the holder of a seed. @throws RangeError when the text is no seed */
export function signerOf(seed: string, publicKey: string): Signer {
  if (!SEED.test(seed) || !PUBLIC_KEY.test(publicKey)) throw new RangeError("this is no seed with its key");
  const d = keyBytes(seed, SEED_AT).toString("base64url");
  const key = createPrivateKey({ key: { ...jwkOf(publicKey), d }, format: "jwk" });
  return { publicKey, sign: (bytes) => sign(null, bytes, key) };
}
