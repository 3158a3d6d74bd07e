// What a machine signs of each result: a text that nothing else of Ozone's or the bus' looks like, with the digest of the very
// bytes that it sends. Checked with Node's own Ed25519: the client's
// is in JavaScript, and the intake checks each result.
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";

/** Bytes of an Ed25519 signature. */
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const PUBLIC_KEY = /^U[A-Z2-7]{55}$/;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const KEYS_KEPT = 10_000;

/** The text that is signed. */
export const resultClaim = (payload: Uint8Array): string =>
  `ozone result sha256:${createHash("sha256").update(payload).digest("hex")}`;

/** The key inside an NKey: base32 of one byte for its kind, the key, two for the check sum. */
function keyBytes(publicKey: string): Buffer {
  let bits = 0;
  let held = 0;
  const bytes: number[] = [];
  for (const letter of publicKey) {
    bits = (bits << 5) | ALPHABET.indexOf(letter);
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes.push((bits >> held) & 0xff);
    bits &= (1 << held) - 1;
  }
  return Buffer.from(bytes.slice(1, 1 + KEY_BYTES));
}

const keys = new Map<string, KeyObject>();

function keyObject(publicKey: string): KeyObject {
  const known = keys.get(publicKey);
  if (known) return known;
  if (keys.size >= KEYS_KEPT) keys.clear();
  const jwk = { kty: "OKP", crv: "Ed25519", x: keyBytes(publicKey).toString("base64url") };
  const made = createPublicKey({ key: jwk, format: "jwk" });
  keys.set(publicKey, made);
  return made;
}

/** Whether the holder of the key signed these bytes as a result. Never throws: what is no key or signature signed nothing. */
export function isResultSignedBy(publicKey: string, payload: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || !PUBLIC_KEY.test(publicKey)) return false;
  try {
    return verify(null, Buffer.from(resultClaim(payload)), keyObject(publicKey), signature);
  } catch {
    return false;
  }
}
