// Prompts are cut or refused as each release does it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitPrompt, halfOf, roomFor } from "./context-limit.ts";
import { behavioursOf } from "./versions.ts";

const tokens = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);
const versions = ["0.12.5", "0.24.0", "0.30.5", "0.30.11", "0.33.0"];

describe("fitPrompt", () => {
  it("never gives more than fits, keeps the beginning and ends with the end of the prompt", () => {
    const arbitrary = fc.record({
      count: fc.integer({ min: 1, max: 300 }),
      numCtx: fc.integer({ min: 8, max: 200 }),
      numKeep: fc.integer({ min: 0, max: 6 }),
      version: fc.constantFrom(...versions),
    });
    fc.assert(
      fc.property(arbitrary, ({ count, numCtx, numKeep, version }) => {
        const prompt = tokens(count);
        const fitted = fitPrompt(
          { tokens: prompt, numCtx, numKeep, truncate: true, shift: true },
          behavioursOf(version),
        );
        expect(fitted.length).toBeLessThanOrEqual(Math.min(count, numCtx));
        expect(fitted.slice(0, Math.min(numKeep, fitted.length))).toEqual(
          prompt.slice(0, Math.min(numKeep, fitted.length)),
        );
        expect(fitted.at(-1)).toBe(prompt.at(-1));
      }),
    );
  });

  it("accepts exactly num_ctx tokens up to 0.24 and one less after", () => {
    const at = (version: string, count: number) =>
      fitPrompt(
        { tokens: tokens(count), numCtx: 64, numKeep: 4, truncate: false, shift: false },
        behavioursOf(version),
      ).length;
    expect(at("0.24.0", 64)).toBe(64);
    expect(() => at("0.24.0", 65)).toThrow("the input length exceeds the context length");
    expect(at("0.33.0", 63)).toBe(63);
    expect(() => at("0.33.0", 64)).toThrow('"n_prompt_tokens":64,"n_ctx":64');
  });

  it("leaves about half from 0.30.11 on", () => {
    expect(halfOf({ numCtx: 4096, numKeep: 4 })).toBe(4096 - Math.floor((4096 - 5) / 2));
  });
});

describe("roomFor", () => {
  it("is one token more in the old engine, and never nothing", () => {
    expect(roomFor(60, 64, behavioursOf("0.24.0"))).toBe(5);
    expect(roomFor(60, 64, behavioursOf("0.33.0"))).toBe(4);
    expect(roomFor(64, 64, behavioursOf("0.33.0"))).toBe(1);
  });
});
