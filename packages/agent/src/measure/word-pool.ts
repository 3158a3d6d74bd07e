// Prompts of exactly known length: a pool of words that are one token each for a given model, and the arithmetic that
// makes a prompt of n tokens from them. Pure.

/** Words that are one token each, wherever they stand behind the first word. */
export interface WordPool {
  /** Words for every place but the first. */
  readonly words: readonly string[];
  /** Words that may also stand first. */
  readonly openers: readonly string[];
  /** Tokens of a prompt beyond its words (a begin-of-text token, as a rule). */
  readonly overheadTokens: number;
  /** False when no word was found whose repetition adds one token: lengths are then a guess that each sample's check refuses. */
  readonly exact: boolean;
}

/** Words at the start of a prompt that must not repeat between prompts. */
export const UNIQUE_WORDS = 8;

/** Tokens of a prompt of `words` words. */
export const tokensOf = (pool: WordPool, words: number): number => pool.overheadTokens + words;

/** A uniform number in [0, 1). */
export type Random = () => number;

const pick = (words: readonly string[], random: Random): string =>
  words[Math.floor(random() * words.length)] ?? "";

/** `count` words: an opener, then words at random, none twice in a row. */
export function drawWords(pool: WordPool, count: number, random: Random): string[] {
  const drawn: string[] = [pick(pool.openers, random)];
  while (drawn.length < count) {
    const word = pick(pool.words, random);
    if (word !== drawn[drawn.length - 1] || pool.words.length === 1) drawn.push(word);
  }
  return drawn;
}

/** Makes prompts whose first words were never used before by this source. */
export class PromptSource {
  readonly #pool: WordPool;
  readonly #random: Random;
  readonly #openings = new Set<string>();

  constructor(pool: WordPool, random: Random) {
    this.#pool = pool;
    this.#random = random;
  }

  /**
   * A prompt of exactly `tokens` tokens.
   * @throws RangeError when not even one word fits.
   */
  make(tokens: number): string {
    const count = tokens - this.#pool.overheadTokens;
    if (count < 1) throw new RangeError(`A prompt of ${tokens} tokens has no room for a word.`);
    for (;;) {
      const words = drawWords(this.#pool, count, this.#random);
      const opening = words.slice(0, UNIQUE_WORDS).join(" ");
      // Too short to be unique: such prompts only count tokens or warm up, and never make a sample.
      if (count >= UNIQUE_WORDS && this.#openings.has(opening)) continue;
      this.#openings.add(opening);
      return words.join(" ");
    }
  }

  /** A prompt that begins with all of `prompt` and is exactly `tokens` tokens longer: its tail is new. */
  extend(prompt: string, tokens: number): string {
    const [, ...tail] = drawWords(this.#pool, tokens + 1, this.#random);
    return `${prompt} ${tail.join(" ")}`;
  }
}
