// What a machine signs of each result: a text that nothing else of Ozone's or the bus' looks like, with the digest of the very
// bytes that it sends.
import { createHash } from "node:crypto";
import { isSignedByNkey } from "./ed25519.ts";

/** The key of a machine is that of a user of the bus. */
const PUBLIC_KEY = /^U[A-Z2-7]{55}$/;

/** The text that is signed. */
export const resultClaim = (payload: Uint8Array): string =>
  `ozone result sha256:${createHash("sha256").update(payload).digest("hex")}`;

/** Whether the holder of the key signed these bytes as a result. Never throws: what is no key or signature signed nothing. */
export const isResultSignedBy = (publicKey: string, payload: Uint8Array, signature: Uint8Array): boolean =>
  PUBLIC_KEY.test(publicKey) && isSignedByNkey(publicKey, Buffer.from(resultClaim(payload)), signature);
