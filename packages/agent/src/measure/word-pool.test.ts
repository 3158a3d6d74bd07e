import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PromptSource, tokensOf, UNIQUE_WORDS, type WordPool } from "./word-pool.ts";

const pool: WordPool = {
  words: Array.from({ length: 40 }, (_, index) => `w${index}`),
  openers: ["w1", "w2", "w3"],
  overheadTokens: 1,
  exact: true,
};

/** A repeatable stand-in for chance. */
const chance = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
};

describe("prompts", () => {
  it("have exactly the words that make the asked number of tokens", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 500 }), fc.nat(), (tokens, seed) => {
        const words = new PromptSource(pool, chance(seed)).make(tokens).split(" ");
        expect(tokensOf(pool, words.length)).toBe(tokens);
        expect(pool.openers).toContain(words[0]);
        expect(words.every((word) => pool.words.includes(word))).toBe(true);
        expect(words.some((word, at) => at > 0 && word === words[at - 1])).toBe(false);
      }),
    );
  });

  it("never begin with the same words twice, even when chance repeats itself", () => {
    const numbers = [
      ...Array.from({ length: 400 }, (_, at) => (at % 200) / 200),
      ...Array.from({ length: 4000 }, (_, at) => ((at * 7) % 97) / 97),
    ];
    let at = 0;
    const source = new PromptSource(pool, () => numbers[at++ % numbers.length] ?? 0);
    const openings = Array.from({ length: 4 }, () =>
      source.make(101).split(" ").slice(0, UNIQUE_WORDS).join(" "),
    );
    expect(new Set(openings).size).toBe(4);
  });

  it("refuse a length that has no room for a word", () => {
    expect(() => new PromptSource(pool, chance(1)).make(1)).toThrow("no room for a word");
  });
});
