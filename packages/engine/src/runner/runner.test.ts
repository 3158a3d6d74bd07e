import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commonPrefixLength, cutPrompt, keptTokens, reusableTokens, shiftDiscard } from "./context-window.ts";
import { planBatch } from "./plan-batch.ts";
import { TextOutput } from "./text-output.ts";

const tokens = fc.array(fc.nat(20), { minLength: 1, maxLength: 60 });

describe("a prompt that is too long", () => {
  it("keeps its beginning and its end, exactly as many tokens as fit", () => {
    expect(cutPrompt([1, 2, 3, 4, 5, 6, 7, 8], 2, 5)).toEqual([1, 2, 6, 7, 8]);
  });

  it("is cut to the limit and stays as it is when it fits, whatever its tokens", () => {
    fc.assert(
      fc.property(
        tokens,
        fc.integer({ min: 2, max: 70 }),
        fc.integer({ min: -1, max: 80 }),
        (prompt, limit, numKeep) => {
          const keep = keptTokens(numKeep, { length: prompt.length, startsWithBos: true }, limit);
          const cut = cutPrompt(prompt, keep, limit);
          expect(cut).toHaveLength(Math.min(prompt.length, limit));
          expect(cut.slice(0, Math.min(keep, cut.length))).toEqual(
            prompt.slice(0, Math.min(keep, cut.length)),
          );
          expect(cut.at(-1)).toBe(prompt.at(-1));
        },
      ),
    );
  });

  it("keeps num_keep tokens and the begin-of-text token, all of the prompt for -1, but leaves one to discard", () => {
    expect(keptTokens(4, { length: 100, startsWithBos: true }, 64)).toBe(5);
    expect(keptTokens(4, { length: 100, startsWithBos: false }, 64)).toBe(4);
    expect(keptTokens(-1, { length: 10, startsWithBos: true }, 64)).toBe(11);
    expect(keptTokens(-1, { length: 100, startsWithBos: true }, 64)).toBe(63);
  });
});

describe("a full context", () => {
  it("frees half of what is not kept", () => {
    expect(shiftDiscard(2048, 5, 2048)).toBe(Math.floor((2048 - 5) / 2));
  });

  it("always frees at least one token and never reaches into what is kept", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5000 }), fc.nat(5000), (limit, wanted) => {
        const keep = Math.min(wanted, limit - 1);
        const discard = shiftDiscard(limit, keep, limit);
        expect(discard).toBeGreaterThanOrEqual(1);
        expect(keep + discard).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

describe("the prefix cache", () => {
  it("reuses the common beginning but computes at least one token", () => {
    expect(reusableTokens([1, 2, 3], [1, 2, 9])).toBe(2);
    expect(reusableTokens([1, 2, 3], [1, 2, 3])).toBe(2);
    expect(reusableTokens([], [1])).toBe(0);
  });

  it("never finds more than both lists share", () => {
    fc.assert(
      fc.property(tokens, tokens, (left, right) => {
        const length = commonPrefixLength(left, right);
        expect(left.slice(0, length)).toEqual(right.slice(0, length));
        if (length < Math.min(left.length, right.length)) expect(left[length]).not.toBe(right[length]);
      }),
    );
  });
});

describe("a batch", () => {
  it("takes generating sequences first and shares the rest among prompts in order", () => {
    const waiting = [
      { index: 0, readyTokens: 700 },
      { index: 1, readyTokens: 1 },
      { index: 2, readyTokens: 30 },
    ];
    expect(planBatch(waiting, 512)).toEqual([
      { index: 1, tokens: 1 },
      { index: 0, tokens: 511 },
    ]);
    expect(planBatch(waiting.slice(1), 512)).toEqual([
      { index: 1, tokens: 1 },
      { index: 2, tokens: 30 },
    ]);
  });

  it("never exceeds its size, never gives more than is ready, and is never empty while something waits", () => {
    const sequences = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sequences, fc.integer({ min: 1, max: 600 }), (ready, batchTokens) => {
        const shares = planBatch(
          ready.map((readyTokens, index) => ({ index, readyTokens })),
          batchTokens,
        );
        const total = shares.reduce((sum, share) => sum + share.tokens, 0);
        expect(total).toBeGreaterThanOrEqual(1);
        expect(total).toBeLessThanOrEqual(batchTokens);
        for (const { index, tokens: count } of shares) expect(count).toBeLessThanOrEqual(ready[index] ?? 0);
      }),
    );
  });
});

describe("the text of generated tokens", () => {
  /** Each token is one byte of UTF-8. */
  const bytewise = (list: readonly number[]): string => Buffer.from(list).toString("utf8");
  const piecesOf = (
    text: string,
    stops: readonly string[] = [],
  ): { sent: string[]; rest: string; stopped: boolean } => {
    const output = new TextOutput(bytewise, [], stops);
    const sent: string[] = [];
    for (const token of Buffer.from(text, "utf8")) {
      const step = output.push(token);
      if (step.text !== undefined) sent.push(step.text);
      if (step.stopped) return { sent, rest: output.rest(), stopped: true };
    }
    return { sent, rest: output.rest(), stopped: false };
  };

  it("is one piece for each token of plain text", () => {
    expect(piecesOf("abc").sent).toEqual(["a", "b", "c"]);
  });

  it("waits for the last byte of a character", () => {
    expect(piecesOf("aé€😀").sent).toEqual(["a", "é", "€", "😀"]);
  });

  it("drops an incomplete character at the end instead of sending a broken one", () => {
    const output = new TextOutput(bytewise, [], []);
    expect(output.push(0xe2).text).toBeUndefined();
    expect(output.rest()).toBe("");
  });

  it("ends before a stop sequence, even one that comes in parts, and holds nothing else back for good", () => {
    expect(piecesOf("one two three", ["two"])).toEqual({
      sent: ["o", "n", "e", " "],
      rest: "",
      stopped: true,
    });
    expect(piecesOf("a tw b", ["two"])).toMatchObject({ stopped: false });
    expect(piecesOf("a tw b", ["two"]).sent.join("")).toBe("a tw b");
    expect(piecesOf("a tw", ["two"])).toEqual({ sent: ["a", " "], rest: "tw", stopped: false });
  });

  it("loses no character of any text, whatever the stop sequences that do not occur", () => {
    // U+FFFD itself can't be told from the mark of a character that is not complete yet.
    const texts = fc.string({ unit: "grapheme", maxLength: 30 }).filter((text) => !text.includes("\uFFFD"));
    fc.assert(
      fc.property(texts, (text) => {
        const { sent, rest } = piecesOf(text, ["\u0000\u0001never"]);
        expect(sent.join("") + rest).toBe(text);
      }),
    );
  });

  it("still is a piece when the token has no text", () => {
    const output = new TextOutput(() => "", [], []);
    expect(output.push(5)).toEqual({ text: "", stopped: false });
  });
});
