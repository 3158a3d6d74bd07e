// Slots remember prompts, and the host's store remembers those that slots have forgotten.
import { describe, expect, it } from "vitest";
import { PromptCache, reusableTokens } from "./prompt-cache.ts";

const A = ["<s>", "a", "b", "c"];
const B = ["<s>", "x", "y", "z"];

function sharedAfter(cache: PromptCache, prompts: string[][]): number | undefined {
  let shared: number | undefined;
  for (const prompt of prompts) {
    const taken = cache.take(prompt);
    shared = taken?.sharedTokens;
    if (taken !== undefined) cache.giveBack(taken.slot, prompt);
  }
  return shared;
}

describe("PromptCache", () => {
  it("shares the longest common prefix with the slot's last prompt", () => {
    expect(sharedAfter(new PromptCache(1, false), [A, A])).toBe(4);
    expect(sharedAfter(new PromptCache(1, false), [A, B])).toBe(1);
    expect(sharedAfter(new PromptCache(1, false), [A, B, A])).toBe(1);
  });

  it("finds an older prompt in the host's store", () => {
    expect(sharedAfter(new PromptCache(1, true), [A, B, A])).toBe(4);
  });

  it("picks the slot that shares most, and none when all are busy", () => {
    const cache = new PromptCache(2, false);
    const [first, second] = [cache.take(A), cache.take(B)];
    expect(cache.take(A)).toBeUndefined();
    if (first === undefined || second === undefined) throw new Error("both slots were free");
    cache.giveBack(second.slot, B);
    cache.giveBack(first.slot, A);
    expect(cache.take(B)?.slot).toBe(second.slot);
  });

  it("computes at least one token again", () => {
    expect([reusableTokens(4, 4), reusableTokens(2, 4), reusableTokens(0, 1)]).toEqual([3, 2, 0]);
  });
});
