import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bestPaceAfter,
  expectedMs,
  loadLimitMs,
  paceAfter,
  proofLimitMs,
  requestLimitMs,
} from "./time-limits.ts";

const size = { promptTokens: 1843, numPredict: 128 };
const quick = { prefillTokensPerSecond: 5000, decodeTokensPerSecond: 200 };
const plenty = { limitMs: 3_600_000, remainingMs: 3_600_000 };

describe("time limits", () => {
  it("give the first answer a fixed time, later ones a multiple of what the rates predict", () => {
    const none = { prefillTokensPerSecond: null, decodeTokensPerSecond: null };
    expect(requestLimitMs(size, none, plenty)).toBe(15_000);
    expect(requestLimitMs(size, quick, plenty)).toBeCloseTo(5000 + 3 * (expectedMs(size, quick) ?? 0));
  });

  it("wait for a deep context of a model so small that attention is nearly all of its cost", () => {
    const short = { prefillTokensPerSecond: 12_000, decodeTokensPerSecond: 2_500 };
    expect(requestLimitMs({ promptTokens: 29_491, numPredict: 512 }, short, plenty)).toBeGreaterThan(90_000);
    // Of a shallow one a server that hangs is still given up early.
    expect(requestLimitMs(size, quick, plenty)).toBeLessThan(15_000);
  });

  it("never exceed what is left", () => {
    expect(requestLimitMs(size, quick, { limitMs: 60_000, remainingMs: 700 })).toBe(700);
    expect(loadLimitMs(1e12, { limitMs: 60_000, remainingMs: 900 })).toBe(900);
  });

  it("grow with prompt, output and slowness", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 2, max: 4096 }),
        (promptTokens, numPredict) => {
          const one = expectedMs({ promptTokens, numPredict }, quick) ?? 0;
          expect(expectedMs({ promptTokens: promptTokens + 1, numPredict }, quick)).toBeGreaterThan(one);
          expect(expectedMs({ promptTokens, numPredict: numPredict + 1 }, quick)).toBeGreaterThan(one);
          expect(
            expectedMs({ promptTokens, numPredict }, { ...quick, prefillTokensPerSecond: 10 }),
          ).toBeGreaterThan(one);
        },
      ),
    );
  });

  it("give a usual model's load and first sample at num_ctx 2048 less than a minute each", () => {
    expect(loadLimitMs(4.7e9, plenty)).toBeLessThan(50_000);
    expect(
      proofLimitMs(2048, quick, { bandwidthBytesPerSecond: null, weightBytesPerToken: 4e9 }),
    ).toBeLessThan(50_000);
  });

  it("wait longer for a server that is slow because its model is large, not for one that drips", () => {
    const speed = { bandwidthBytesPerSecond: 20e9, weightBytesPerToken: 4e9 };
    const slow = { prefillTokensPerSecond: 20, decodeTokensPerSecond: 4 };
    expect(proofLimitMs(2048, slow, speed)).toBe(8 * 45_000);
    expect(proofLimitMs(2048, { ...slow, decodeTokensPerSecond: 0.5 }, speed)).toBe(45_000);
  });

  it("take the pace from the client's clock alone, and slowness only from prompts long enough to show it", () => {
    const answer = { promptTokens: 100, ttftMs: 500, spanMs: 1000, chunks: 11 };
    expect(paceAfter(quick, answer)).toEqual({ prefillTokensPerSecond: 200, decodeTokensPerSecond: 10 });
    expect(paceAfter(quick, { ...answer, promptTokens: 10 }).prefillTokensPerSecond).toBe(5000);
    expect(paceAfter(quick, { promptTokens: 500, ttftMs: null, spanMs: null, chunks: 0 })).toEqual(quick);
  });

  it("keep the best rates to judge by what a server can do", () => {
    const answer = { promptTokens: 100, ttftMs: 500, spanMs: 10, chunks: 11 };
    expect(bestPaceAfter(quick, answer)).toEqual({
      prefillTokensPerSecond: 5000,
      decodeTokensPerSecond: 1000,
    });
  });
});
