import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibratedBytes, calibrateMemory } from "./memory-calibration.ts";
import {
  cacheReadBytes,
  estimateMemory,
  kvBytesPerElement,
  kvBytesPerToken,
  placeOnGpu,
  surelyCannotFit,
} from "./memory-model.ts";
import { parseModelArchitecture } from "./model-architecture.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** A llama-like model. */
const model = (
  layers: number,
  sizes: { embedding: number; heads: number; kvHeads: number; ff: number; vocab: number },
) =>
  parseModelArchitecture({
    modelInfo: {
      "general.architecture": "llama",
      "llama.block_count": layers,
      "llama.embedding_length": sizes.embedding,
      "llama.feed_forward_length": sizes.ff,
      "llama.vocab_size": sizes.vocab,
      "llama.attention.head_count": sizes.heads,
      "llama.attention.head_count_kv": sizes.kvHeads,
    },
  });

const llama8b = model(32, { embedding: 4096, heads: 32, kvHeads: 8, ff: 14_336, vocab: 128_256 });
const llama70b = model(80, { embedding: 8192, heads: 64, kvHeads: 8, ff: 28_672, vocab: 128_256 });

describe("the cache of keys and values", () => {
  it.each([
    ["f16", 2],
    ["q8_0", 1.0625],
    ["q4_0", 0.5625],
  ])("in %s takes %d bytes per number", (type, size) => {
    expect(kvBytesPerElement(type)).toBe(size);
  });

  it("refuses a type that nobody knows, naming those it knows", () => {
    expect(() => kvBytesPerElement("q9_9")).toThrow(
      'The KV cache type "q9_9" is not known; use one of f32, f16',
    );
  });

  it("of llama 3.1 8B is 1 GiB per 8,192 tokens in f16", () => {
    expect(estimateMemory(llama8b, GIB, { numCtx: 8192 }).cacheBytes).toBe(GIB);
    expect(estimateMemory(llama8b, GIB, { numCtx: 8192, kvCacheType: "q8_0" }).cacheBytes).toBe(
      0.53125 * GIB,
    );
  });

  it("of llama 70B is the 640 MiB that llama.cpp prints for 2,048 tokens (ollama#1800)", () => {
    expect(estimateMemory(llama70b, GIB, { numCtx: 2048 }).cacheBytes).toBe(640 * MIB);
  });

  it("grows with the sequences at a time, and is padded to 256 tokens", () => {
    expect(estimateMemory(llama8b, GIB, { numCtx: 4096, parallel: 4 }).cacheBytes).toBe(2 * GIB);
    expect(estimateMemory(llama8b, GIB, { numCtx: 4097 }).cacheBytes).toBe(131_072 * 4352);
  });

  it("ends at the trained context, to which Ollama clamps", () => {
    const short = { ...llama8b, trainedContext: 4096 };
    expect(estimateMemory(short, GIB, { numCtx: 131_072 }).cacheBytes).toBe(0.5 * GIB);
  });

  it("of a windowed layer ends at window x sequences + batch", () => {
    const layer = { elementsPerToken: 1024, window: 512, stateBytes: 0 };
    const windowed = { ...llama8b, layers: [layer], layersAtLeast: [layer] };
    const bytes = (numCtx: number) =>
      estimateMemory(windowed, GIB, { numCtx, parallel: 2, numBatch: 256 }).cacheBytes;
    expect(bytes(256)).toBe(1024 * 2 * 512);
    expect(bytes(32_768)).toBe(1024 * 2 * (2 * 512 + 256));
    expect(kvBytesPerToken(windowed)).toBe(0);
  });

  it("of a recurrent layer is its state per sequence, at any length", () => {
    const layer = { elementsPerToken: 0, window: null, stateBytes: 5000 };
    const recurrent = { ...llama8b, layers: [layer, layer], layersAtLeast: [layer, layer] };
    expect(estimateMemory(recurrent, GIB, { numCtx: 100_000, parallel: 3 }).cacheBytes).toBe(30_000);
  });

  it("counts an unknown type as f16 for planning and as q4_0 where it must be sure", () => {
    for (const kvCacheType of ["", null]) {
      const need = estimateMemory(llama8b, GIB, { numCtx: 8192, kvCacheType });
      expect(need.cacheBytes).toBe(GIB);
      expect(need.atLeastBytes).toBe(GIB + (0.5625 / 2) * GIB);
    }
  });

  it("is read up to the depth reached, within the window", () => {
    expect(cacheReadBytes(llama8b, 1000, "f16")).toBe(131_072 * 1000);
    const layer = { elementsPerToken: 1024, window: 512, stateBytes: 0 };
    expect(cacheReadBytes({ ...llama8b, layersAtLeast: [layer] }, 1000, "f16")).toBe(1024 * 2 * 512);
    expect(cacheReadBytes(llama8b, 0)).toBe(0);
  });
});

describe("estimateMemory", () => {
  // Context memory in MB as node-llama-cpp 3.22.1 estimated it for a model of 8 layers x 512 (8 heads, 4 of them
  // key-value, feed-forward 1408, vocabulary 4096): num_ctx, num_batch, flash attention, cache type.
  it.each([
    [2048, 64, true, "f16", 19],
    [2048, 256, true, "f16", 24],
    [2048, 512, true, "f16", 32],
    [2048, 2048, true, "f16", 77],
    [2048, 512, false, "f16", 61],
    [2048, 2048, false, "f16", 193],
    [2048, 512, true, "q8_0", 23],
    [8192, 512, true, "f16", 88],
    [8192, 512, false, "f16", 224],
  ])(
    "of num_ctx %d, num_batch %d, flash attention %s, %s comes within a tenth of %d MB",
    (numCtx, numBatch, flashAttention, kvCacheType, megabytes) => {
      const small = model(8, { embedding: 512, heads: 8, kvHeads: 4, ff: 1408, vocab: 4096 });
      const need = estimateMemory(small, 1, { numCtx, numBatch, flashAttention, kvCacheType });
      const ratio = (need.cacheBytes + need.bufferBytes) / (megabytes * 1e6);
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.1);
    },
  );

  it("never needs less for more context, more sequences or a larger batch", () => {
    const size = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 4096 }),
        (numCtx, parallel, numBatch) => {
          const need = estimateMemory(llama8b, GIB, { numCtx, parallel, numBatch });
          for (const more of [
            { numCtx: numCtx + 500 },
            { parallel: parallel + 1 },
            { numBatch: numBatch + 100 },
          ]) {
            const larger = estimateMemory(llama8b, GIB, { numCtx, parallel, numBatch, ...more });
            expect(larger.totalBytes).toBeGreaterThanOrEqual(need.totalBytes);
            expect(larger.atLeastBytes).toBeGreaterThanOrEqual(need.atLeastBytes);
          }
        },
      ),
    );
  });

  it("refuses a context or a weight that is not above zero", () => {
    expect(() => estimateMemory(llama8b, GIB, { numCtx: 0 })).toThrow("estimateMemory: numCtx is 0");
    expect(() => estimateMemory(llama8b, Number.NaN, { numCtx: 1 })).toThrow(RangeError);
  });
});

describe("surelyCannotFit", () => {
  // Which models ran on which cards: XiongjieDai/GPU-Benchmarks-on-LLM-Inference (llama.cpp, May 2024), 1,024 tokens.
  // GiB of memory, and how many of LLaMA 3 8B Q4_K_M, 8B F16, 70B Q4_K_M and 70B F16 ran; the others ran out of memory.
  it.each([
    ["3070 8GB", 8, 1],
    ["3080 Ti 12GB", 12, 1],
    ["4080 16GB", 16, 2],
    ["4090 24GB", 24, 2],
    ["RTX 5000 Ada 32GB", 32, 2],
    ["RTX 6000 Ada 48GB", 48, 3],
    ["A100 PCIe 80GB", 80, 3],
    ["3090 24GB * 4", 96, 3],
    ["4090 24GB * 8", 192, 4],
  ])("skips on %s what really ran out of memory, and nothing that ran", (_, gibibytes, ran) => {
    for (const [position, gigabytes] of [4.92, 16.06, 42.5, 141.2].entries()) {
      const architecture = position < 2 ? llama8b : llama70b;
      const need = estimateMemory(architecture, gigabytes * 1e9, { numCtx: 2048, kvCacheType: "f16" });
      expect(surelyCannotFit(need, gibibytes * GIB).cannotFit).toBe(position >= ran);
    }
  });

  it("leaves what needs up to 6 % more than is free to be tried", () => {
    const need = { weightBytes: 1, cacheBytes: 0, bufferBytes: 0, totalBytes: 1, atLeastBytes: 1059 };
    expect(surelyCannotFit(need, 1000).cannotFit).toBe(false);
    expect(surelyCannotFit({ ...need, atLeastBytes: 1061 }, 1000).cannotFit).toBe(true);
  });

  it("says why in words", () => {
    const need = estimateMemory(llama70b, 42.5e9, { numCtx: 2048, kvCacheType: "f16" });
    expect(surelyCannotFit(need, 24 * GIB).reason).toBe(
      "needs at least 40.2 GiB, and only 24.0 GiB are free",
    );
    expect(() => surelyCannotFit(need, Number.NaN)).toThrow(RangeError);
  });
});

describe("placeOnGpu", () => {
  const need = estimateMemory(llama8b, 5e9, { numCtx: 8192, kvCacheType: "f16" });

  it("puts nothing there for 0 layers and everything for all of them", () => {
    expect(placeOnGpu(need, { layers: 32, numGpu: 0, layerBytes: 4e9 })).toMatchObject({
      gpuBytes: 0,
      gpuAtLeastBytes: 0,
    });
    const all = placeOnGpu(need, { layers: 32, numGpu: 33, layerBytes: 4e9 });
    expect(all.gpuBytes).toBe(need.totalBytes);
    expect(all.hostBytes).toBe(0);
    expect(all.gpuAtLeastBytes).toBe(4e9 + GIB);
  });

  it("puts half of weights and cache there for half of the layers", () => {
    const half = placeOnGpu(need, { layers: 32, numGpu: 16, layerBytes: null });
    expect(half.gpuBytes).toBe((5e9 + GIB) / 2 + need.bufferBytes);
    expect(half.gpuAtLeastBytes).toBe(GIB / 2);
  });

  it("refuses a negative num_gpu: that means automatic, which needs no plan", () => {
    expect(() => placeOnGpu(need, { layers: 32, numGpu: -1, layerBytes: null })).toThrow(RangeError);
  });
});

describe("calibrateMemory", () => {
  it("draws the line through two sizes", () => {
    const seen = [
      { contextTokens: 4096, totalBytes: 5e9 + 4096 * 140_000 },
      { contextTokens: 16_384, totalBytes: 5e9 + 16_384 * 140_000 },
    ];
    const line = calibrateMemory(seen, 131_072);
    expect(line.bytesPerToken).toBeCloseTo(140_000, 6);
    expect(calibratedBytes(line, 65_536)).toBeCloseTo(5e9 + 65_536 * 140_000, 0);
  });

  it("takes the calculated growth from a single size", () => {
    const line = calibrateMemory([{ contextTokens: 1000, totalBytes: 3_000_000 }], 500);
    expect(line).toEqual({
      bytesPerToken: 500,
      fixedBytes: 2_500_000,
      basis: "one context was seen; its growth is calculated",
    });
  });

  it("does not believe sizes that don't grow: some servers report the file size when they can't tell", () => {
    const seen = [4096, 8192].map((contextTokens) => ({ contextTokens, totalBytes: 5e9 }));
    const line = calibrateMemory(seen, 131_072);
    expect(line.bytesPerToken).toBe(131_072);
    expect(calibratedBytes(line, 4096)).toBe(5e9);
    expect(line.basis).toContain("do not grow");
  });

  it("predicts every size it saw when they lie on a line", () => {
    const line = fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e9 }));
    const contexts = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(line, contexts, ([slope, fixed], multiples) => {
        const seen = multiples.map((multiple) => {
          const contextTokens = 256 * multiple;
          return { contextTokens, totalBytes: fixed + slope * contextTokens };
        });
        const calibration = calibrateMemory(seen, 1);
        for (const { contextTokens, totalBytes } of seen) {
          expect(calibratedBytes(calibration, contextTokens) / totalBytes).toBeCloseTo(1, 6);
        }
      }),
    );
  });

  it("refuses to start from nothing", () => {
    expect(() => calibrateMemory([], 1)).toThrow(RangeError);
  });
});
