// The seeded source of pseudo-random numbers behind the synthetic weights. 32-bit integer arithmetic only, so that the
// same seed gives the same bytes on every machine and every version of Node.

/** An endless stream of uniform 32-bit numbers. */
export interface RandomStream {
  /** The next number, 0 to 2^32 - 1. */
  uint32(): number;
}

/** A stream for a text seed: FNV-1a spreads the text over the state of sfc32 (Chris Doty-Humphrey's PractRand). */
export function randomStream(seed: string): RandomStream {
  let a = fingerprint(`${seed}/a`);
  let b = fingerprint(`${seed}/b`);
  let c = fingerprint(`${seed}/c`);
  let counter = 1;
  function uint32(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  }
  // The first outputs still show the seed's structure.
  for (let i = 0; i < 16; i += 1) uint32();
  return { uint32 };
}

function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, "utf8")) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
