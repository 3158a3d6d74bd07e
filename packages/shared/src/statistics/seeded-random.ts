// Chance that can be repeated: the same seed gives the same numbers on every machine and in every version of Node.
// Not for secrets.
import { at, requireWhole } from "./input-checks.ts";

/** A source of repeatable chance. */
export interface SeededRandom {
  /** A number from 0 (included) to 1 (excluded), with 53 random bits. */
  next(): number;
  /** A whole number from 0 to n - 1, each equally likely; n from 1 to 2^32. */
  integer(n: number): number;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
  /** One of the items; RangeError when there is none. */
  pick<T>(items: readonly T[]): T;
  /** An independent source for a named purpose: drawing from one does not move the other. */
  fork(label: string): SeededRandom;
}

const TWO_TO_32 = 0x1_0000_0000;

/**
 * A generator seeded by a text.
 * Source: sfc32 of C. Doty-Humphrey's PractRand (three words of chaotic state and a counter), its four words filled
 * by FNV-1a over the seed's code units and mixed by the finaliser of MurmurHash3.
 */
export function seededRandom(seed: string): SeededRandom {
  const word = sfc32([0, 1, 2, 3].map((lane) => hash32(seed, lane)));
  const integer = (n: number): number => {
    requireWhole(n, "SeededRandom.integer: n", 1);
    if (n > TWO_TO_32) throw new RangeError(`SeededRandom.integer: n is ${n}, at most 2^32 is possible.`);
    // Words beyond the last whole multiple of n are thrown away, or small results would come up more often.
    const limit = TWO_TO_32 - (TWO_TO_32 % n);
    let drawn = word();
    while (drawn >= limit) drawn = word();
    return drawn % n;
  };
  return {
    next: () => ((word() >>> 5) * 0x400_0000 + (word() >>> 6)) / 0x20_0000_0000_0000,
    integer,
    shuffle: (items) => shuffled(items, integer),
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError("SeededRandom.pick: there is nothing to pick from.");
      return items[integer(items.length)] as T;
    },
    // The length keeps ("ab", "c") and ("a", "bc") apart.
    fork: (label) => seededRandom(`${seed.length}:${seed}/${label}`),
  };
}

/** Fisher and Yates, from the end. */
function shuffled<T>(items: readonly T[], integer: (n: number) => number): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const other = integer(last + 1);
    const [moved] = copy.splice(last, 1, copy[other] as T);
    copy[other] = moved as T;
  }
  return copy;
}

/** One of four independent 32-bit hashes of a text. */
function hash32(text: string, lane: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(lane, 0x9e3779b9);
  for (let position = 0; position < text.length; position += 1) {
    const unit = text.charCodeAt(position);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 32-bit words without sign from a state of four words. */
function sfc32(seed: readonly number[]): () => number {
  let a = at(seed, 0) | 0;
  let b = at(seed, 1) | 0;
  let c = at(seed, 2) | 0;
  let counter = at(seed, 3) | 0;
  const word = () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  // The first words still resemble the seed.
  for (let discarded = 0; discarded < 12; discarded += 1) word();
  return word;
}
