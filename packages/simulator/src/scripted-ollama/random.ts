// Seeded randomness: the same seed tells the same story. Used for jitter and for the words of the answers.

/** A source of numbers in [0, 1). */
export type Random = () => number;

/** The mulberry32 generator: 32 bits of state, good enough for noise and text. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A positive factor with median 1 and about the given coefficient of variation (log-normal, Box-Muller). */
export function noiseFactor(random: Random, coefficientOfVariation: number): number {
  if (coefficientOfVariation === 0) return 1;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(coefficientOfVariation * normal);
}

/** A 32-bit number from text (FNV-1a), to seed from a prompt. */
export function seedFromText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

const WORDS =
  "river stone cloud apple green winter table light house music paper window garden silver morning bridge " +
  "letter summer forest ocean candle mirror yellow planet basket copper engine friend golden harbor island jacket";

/** Words of an answer: lower-case, one token each, never the same twice in a row. */
export function answerWords(random: Random): () => string {
  const words = WORDS.split(" ");
  let last = -1;
  return () => {
    const offset = 1 + Math.floor(random() * (words.length - 1));
    last = last < 0 ? offset : (last + offset) % words.length;
    return words[last] ?? "word";
  };
}
