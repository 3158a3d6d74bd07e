// Signatures over results: made by the client of the bus, checked by Node's own cryptography.
import fc from "fast-check";
import { expect, it } from "vitest";
import { isResultSignedBy } from "../result-signature.ts";
import { isSignedBy, makeMachineKey, signResult, signText } from "./keys.ts";

const anyBytes = fc.uint8Array({ maxLength: 300 });

it("any bytes that a key signs as a result are its own, and no other bytes, key or signature pass for them", () => {
  const [key, other] = [makeMachineKey(), makeMachineKey()];
  fc.assert(
    fc.property(anyBytes, anyBytes, fc.nat(63), (payload, another, position) => {
      const signature = signResult(key, payload);
      expect(isResultSignedBy(key.publicKey, payload, signature)).toBe(true);
      expect(isResultSignedBy(other.publicKey, payload, signature)).toBe(false);
      const same = Buffer.from(payload).equals(Buffer.from(another));
      expect(isResultSignedBy(key.publicKey, another, signature)).toBe(same);
      const changed = Uint8Array.from(signature);
      changed[position] = (changed[position] ?? 0) ^ 1;
      expect(isResultSignedBy(key.publicKey, payload, changed)).toBe(false);
    }),
    { numRuns: 40 },
  );
});

it("what a key signs elsewhere, a nonce of the bus for example, is no result; nor is anything that is no key or signature", () => {
  const key = makeMachineKey();
  const payload = new Uint8Array([1, 2, 3]);
  const nonce = Buffer.from(payload).toString("latin1");
  const signature = signText(key, nonce);
  expect(isSignedBy(key.publicKey, nonce, signature)).toBe(true);
  expect(isResultSignedBy(key.publicKey, payload, signature)).toBe(false);
  for (const wrong of ["", "U", "U".repeat(56), key.seed, `${key.publicKey} `])
    expect(isResultSignedBy(wrong, payload, signResult(key, payload)), wrong).toBe(false);
  for (const length of [0, 63, 65])
    expect(isResultSignedBy(key.publicKey, payload, new Uint8Array(length))).toBe(false);
});
