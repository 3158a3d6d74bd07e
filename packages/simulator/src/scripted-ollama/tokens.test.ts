// The tokenizer counts as promised.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BOS, commonPrefix, tokenize } from "./tokens.ts";

describe("tokenize", () => {
  it("gives one token per lower-case word after one BOS", () => {
    expect(tokenize("river  stone\ncloud ", new Set())).toEqual([BOS, "river", "stone", "cloud"]);
  });

  it("gives bad words two tokens and anything else one per three characters, at least two", () => {
    const counts = ["river", "[1]", "Capital", "a1"].map(
      (word) => tokenize(word, new Set(["river"])).length - 1,
    );
    expect(counts).toEqual([2, 2, 3, 2]);
  });

  it("adds exactly as many tokens as words, whatever the words", () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { maxLength: 50 });
    fc.assert(fc.property(words, (list) => tokenize(list.join(" "), new Set()).length === list.length + 1));
  });
});

describe("commonPrefix", () => {
  it("is symmetric, and the prefix is really common and really the longest", () => {
    const tokens = fc.array(fc.constantFrom("a", "b"), { maxLength: 8 });
    fc.assert(
      fc.property(tokens, tokens, (left, right) => {
        const length = commonPrefix(left, right);
        expect(length).toBe(commonPrefix(right, left));
        expect(left.slice(0, length)).toEqual(right.slice(0, length));
        if (length < Math.min(left.length, right.length)) expect(left[length]).not.toBe(right[length]);
      }),
    );
  });
});
