import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  configuration,
  configurationKey,
  configurationProblems,
  describeConfiguration,
  isFilled,
  promptTokensFor,
} from "./configuration.ts";

const base = { numCtx: 4096, numBatch: 512, numPredict: 64 };

describe("configurations", () => {
  it("have one key per point, whatever the order in which they were written", () => {
    const one = configuration({ numCtx: 4096, numBatch: 512, numPredict: 64, numThread: 1 });
    const other = configuration({ numThread: 1, numPredict: 64, numBatch: 512, numCtx: 4096 });
    expect(configurationKey(one)).toBe(configurationKey(other));
    expect(configurationKey(one)).toBe("num_ctx=4096 num_batch=512 num_thread=1 num_predict=64");
  });

  it("differ in their key when they differ in anything", () => {
    const changes = [
      {},
      { numCtx: 8192 },
      { numBatch: 8 },
      { numThread: 2 },
      { numGpu: 0 },
      { kvCacheType: "q8_0" },
      { flashAttention: "on" },
      { numPredict: 1 },
      { concurrency: 2 },
    ];
    expect(
      new Set(changes.map((change) => configurationKey(configuration({ ...base, ...change })))).size,
    ).toBe(changes.length);
  });

  it("are described in Ollama's own words", () => {
    expect(describeConfiguration(configuration(base))).toBe("num_ctx 4096, num_batch 512, num_predict 64");
  });

  it("are filled to the asked share, or to all that fits beside the output", () => {
    expect(promptTokensFor({ numCtx: 2048, numPredict: 64 }, 0.9)).toBe(1843);
    expect(promptTokensFor({ numCtx: 2048, numPredict: 512 }, 0.9)).toBe(1528);
  });

  it("never ask for a prompt that leaves no room for the output", () => {
    const anything = fc.record({
      numCtx: fc.integer({ min: 256, max: 300_000 }),
      numPredict: fc.integer({ min: 1, max: 4096 }),
    });
    fc.assert(
      fc.property(anything, fc.double({ min: 0.01, max: 1, noNaN: true }), (point, fill) => {
        expect(promptTokensFor(point, fill) + point.numPredict).toBeLessThan(point.numCtx);
      }),
    );
  });

  it("count as filled only with that many tokens really used", () => {
    const point = { numCtx: 2048, numPredict: 64 };
    expect(isFilled(point, 0.9, { promptTokens: 1843, generatedTokens: 64 })).toBe(true);
    expect(isFilled(point, 0.9, { promptTokens: 30, generatedTokens: 54 })).toBe(false);
    expect(isFilled(point, 1, { promptTokens: 1976, generatedTokens: 64 })).toBe(true);
  });

  it("are refused with a sentence when they go beyond the trained context or leave no room", () => {
    expect(configurationProblems(configuration(base), 2048)[0]).toMatch(/beyond the 2048 tokens/);
    expect(configurationProblems(configuration({ ...base, numPredict: 4090 }), 0)[0]).toMatch(
      /leaves no room/,
    );
    expect(configurationProblems(configuration(base), 0)).toEqual([]);
  });
});
