// Texts for machines to sign: good for a minute, recognised without being kept, so that asking for many costs nothing.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Makes and recognises challenges. */
export interface Challenges {
  make(): string;
  isGood(nonce: string): boolean;
}

const GOOD_MS = 60_000;
const FORM = /^(\d{1,16})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

/** Challenges of this process: none outlives it. @param now monotonic, in milliseconds */
export function createChallenges(now: () => number = () => performance.now()): Challenges {
  const secret = randomBytes(32);
  const seal = (text: string) => createHmac("sha256", secret).update(text).digest("base64url");
  return {
    make() {
      const text = `${Math.ceil(now() + GOOD_MS)}.${randomBytes(16).toString("base64url")}`;
      return `${text}.${seal(text)}`;
    },
    isGood(nonce) {
      const [, until = "0", random = "", given = ""] = FORM.exec(nonce) ?? [];
      const expected = Buffer.from(seal(`${until}.${random}`));
      const same = expected.length === given.length && timingSafeEqual(expected, Buffer.from(given));
      return same && Number(until) >= now();
    },
  };
}
