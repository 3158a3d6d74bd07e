import { describe, expect, it } from "vitest";
import { calibrateWords } from "./calibrate-words.ts";
import { candidateWords } from "./word-list.ts";
import { PromptSource } from "./word-pool.ts";

/** A tokenizer that gives `cost` tokens to a word, and one at the beginning. */
function counter(cost: (word: string, first: boolean) => number) {
  const seen = { probes: 0 };
  const count = async (prompt: string): Promise<number> => {
    seen.probes += 1;
    return prompt.split(" ").reduce((sum, word, at) => sum + cost(word, at === 0), 1);
  };
  return { seen, count };
}

describe("calibration", () => {
  it("takes all words of a tokenizer that knows them all, with few questions", async () => {
    const { seen, count } = counter(() => 1);
    const pool = await calibrateWords(candidateWords, count);
    expect(pool).toMatchObject({ overheadTokens: 1, exact: true });
    expect(pool.words).toEqual(candidateWords);
    expect(pool.openers).toHaveLength(8);
    expect(seen.probes).toBeLessThan(30);
  });

  it("drops exactly the words that cost more", async () => {
    const bad = new Set(candidateWords.filter((_, at) => at % 31 === 5));
    const { count } = counter((word) => (bad.has(word) ? 2 : 1));
    const pool = await calibrateWords(candidateWords, count);
    expect(pool.words).toEqual(candidateWords.filter((word) => !bad.has(word)));
  });

  it("does not begin with words that cost more at the beginning", async () => {
    const [anchor] = candidateWords;
    const { count } = counter((word, first) => (first && word !== anchor ? 2 : 1));
    expect((await calibrateWords(candidateWords, count)).openers).toEqual([anchor]);
  });

  it("finds another anchor when the first words are bad", async () => {
    const bad = new Set(candidateWords.slice(0, 3));
    const { count } = counter((word) => (bad.has(word) ? 3 : 1));
    const pool = await calibrateWords(candidateWords, count);
    expect(pool.exact).toBe(true);
    expect(pool.overheadTokens).toBe(1);
  });

  it.each<[string, (characters: number) => number]>([
    ["rounds a quarter of the characters up", (characters) => Math.ceil(characters / 4)],
    ["rounds it down", (characters) => Math.floor(characters / 4)],
    ["rounds it, with a token at the beginning", (characters) => 1 + Math.round(characters / 4)],
  ])("finds words for a server that %s", async (_how, tokens) => {
    const pool = await calibrateWords(candidateWords, async (prompt) => tokens(prompt.length));
    expect(pool.exact).toBe(true);
    expect(pool.words.length).toBeGreaterThan(16);
    const source = new PromptSource(pool, Math.random);
    for (const length of [128, 1843]) expect(tokens(source.make(length).length)).toBe(length);
  });

  it.each([0.5, 0.9, 1.05, 1.1, 1.3, 2])(
    "is not taken in by counts that are all %s times too high",
    async (factor) => {
      const { count } = counter(() => 1);
      const pool = await calibrateWords(candidateWords, async (prompt) =>
        Math.round(factor * (await count(prompt))),
      );
      expect(pool.exact).toBe(false);
    },
  );

  it("says that lengths are a guess when no word adds one token", async () => {
    const { count } = counter((word) => word.length);
    expect((await calibrateWords(candidateWords, count)).exact).toBe(false);
  });

  it("stops asking when hardly any word fits", async () => {
    const { seen, count } = counter((word) => (word === candidateWords[0] ? 1 : 2));
    await calibrateWords(candidateWords, count);
    expect(seen.probes).toBeLessThan(260);
  });
});
