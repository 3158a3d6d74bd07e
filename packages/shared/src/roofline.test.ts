import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseModelArchitecture } from "./model-architecture.ts";
import { type ModelTensor, weightUse } from "./model-tensors.ts";
import { attentionFlops, decodeBound, prefillBound, ratePlausible } from "./roofline.ts";

const memory = (gigabytesPerSecond: number, share = 1, name = "memory") => ({
  name,
  bytesPerSecond: gigabytesPerSecond * 1e9,
  share,
});

const dense = (weightBytesPerToken: number, gigabytesPerSecond: number) =>
  decodeBound({ weightBytesPerToken, cacheBytesPerToken: 0, places: [memory(gigabytesPerSecond)] });

/** Qwen 3 30B-A3B: 48 layers, 128 experts of which a token uses 8. */
function mixture(): ModelTensor[] {
  const layers = Array.from({ length: 48 }, (_, layer): ModelTensor[] => [
    { name: `blk.${layer}.attn_q.weight`, type: "Q4_K", shape: [2048, 4096] },
    { name: `blk.${layer}.attn_k.weight`, type: "Q4_K", shape: [2048, 512] },
    { name: `blk.${layer}.attn_v.weight`, type: "Q6_K", shape: [2048, 512] },
    { name: `blk.${layer}.attn_output.weight`, type: "Q4_K", shape: [4096, 2048] },
    { name: `blk.${layer}.attn_norm.weight`, type: "F32", shape: [2048] },
    { name: `blk.${layer}.ffn_gate_inp.weight`, type: "F32", shape: [2048, 128] },
    { name: `blk.${layer}.ffn_gate_exps.weight`, type: "Q4_K", shape: [2048, 768, 128] },
    { name: `blk.${layer}.ffn_up_exps.weight`, type: "Q4_K", shape: [2048, 768, 128] },
    { name: `blk.${layer}.ffn_down_exps.weight`, type: "Q4_K", shape: [768, 2048, 128] },
  ]).flat();
  return [
    { name: "token_embd.weight", type: "Q4_K", shape: [2048, 151_936] },
    { name: "output.weight", type: "Q6_K", shape: [2048, 151_936] },
    ...layers,
  ];
}

describe("weightUse", () => {
  it("adds up a file to its size, and a token's share to the active experts", () => {
    const use = weightUse(mixture(), { experts: { count: 128, used: 8 } });
    // The real file has 18.6 GB and "3B" active parameters, the embedding included.
    expect(use.totalBytes / 18.6e9).toBeGreaterThan(0.9);
    expect(use.totalBytes / 18.6e9).toBeLessThan(1.05);
    expect(use.parametersPerToken / 3e9).toBeGreaterThan(0.95);
    expect(use.parametersPerToken / 3e9).toBeLessThan(1.15);
    expect(use.bytesPerToken).toBeLessThan(0.12 * use.totalBytes);
    expect(use.unknownTypes).toEqual([]);
  });

  const tensor = (name: string, type = "F16", shape = [64, 32]): ModelTensor => ({ name, type, shape });

  it("does not read an embedding table through, unless it is the output head too", () => {
    expect(weightUse([tensor("token_embd.weight"), tensor("output.weight")]).bytesPerToken).toBe(4096);
    expect(weightUse([tensor("token_embd.weight")]).bytesPerToken).toBe(4096);
    expect(weightUse([tensor("per_layer_token_embd.weight")])).toMatchObject({
      totalBytes: 4096,
      bytesPerToken: 0,
    });
  });

  it("leaves out vision parts and layers that only predict ahead", () => {
    const tensors = [
      tensor("v.blk.0.attn_q.weight"),
      tensor("mm.0.weight"),
      tensor("blk.0.a.weight"),
      tensor("blk.1.a.weight"),
    ];
    expect(weightUse(tensors, { predictLayers: 1 })).toMatchObject({
      totalBytes: 4 * 4096,
      bytesPerToken: 4096,
    });
  });

  it.each([
    ["F32", 4],
    ["BF16", 2],
    ["Q8_0", 34 / 32],
    ["Q4_0", 18 / 32],
    ["Q4_K", 144 / 256],
    ["q6_k", 210 / 256],
    ["MXFP4", 17 / 32],
  ])("counts %s as %d bytes per number", (type, size) => {
    expect(weightUse([tensor("blk.0.a.weight", type, [256, 4])]).totalBytes).toBe(1024 * size);
  });

  it("names a type it does not know and counts it as nothing", () => {
    expect(weightUse([tensor("blk.0.a.weight", "Q9_X")])).toMatchObject({
      totalBytes: 0,
      unknownTypes: ["Q9_X"],
    });
  });

  it("multiplies neither the output head nor the last layer for every prompt token", () => {
    const tensors = [tensor("output.weight"), tensor("blk.0.a.weight"), tensor("blk.1.a.weight")];
    expect(weightUse(tensors)).toMatchObject({
      parametersPerToken: 3 * 2048,
      parametersPerPromptToken: 2048,
    });
  });
});

describe("decodeBound", () => {
  // Measured: ggml-org/llama.cpp discussion 4167 (M3 Pro, 150 GB/s, LLaMA 2 7B, 6.74e9 parameters), tg128.
  it.each([
    ["F16", 6.74e9 * 2, 9.89],
    ["Q8_0", (6.74e9 * 34) / 32, 17.53],
    ["Q4_0", (6.74e9 * 18) / 32, 30.74],
  ])("is above what an M3 Pro really reached in %s, and not far above", (_, weightBytes, measured) => {
    const bound = dense(weightBytes, 150);
    expect(ratePlausible(measured, bound).passed).toBe(true);
    expect(measured / (bound.tokensPerSecond ?? 0)).toBeGreaterThan(0.7);
  });

  it("is above what a 4090 (1,008 GB/s) really reached with LLaMA 3 8B F16 (54.34 tokens/s)", () => {
    const bound = dense(15.01e9, 1008);
    expect(ratePlausible(54.34, bound).passed).toBe(true);
    expect(54.34 / (bound.tokensPerSecond ?? 0)).toBeGreaterThan(0.7);
  });

  it("needs the active experts: all of Qwen 3 30B-A3B would refuse 66 honest tokens/s of an M2 Max (400 GB/s)", () => {
    // Measured: enescingoz/mac-llm-bench@5e919481, Apple M2 Max 30-GPU, 66.03 tokens/s.
    const use = weightUse(mixture(), { experts: { count: 128, used: 8 } });
    expect(ratePlausible(66.03, dense(use.totalBytes, 400)).passed).toBe(false);
    expect(ratePlausible(66.03, dense(use.bytesPerToken, 400)).passed).toBe(true);
  });

  it("needs the look-up tables left out: the whole file of Gemma 4 E2B would refuse 27 honest tokens/s of an M1", () => {
    // Measured: enescingoz/mac-llm-bench@5e919481, Apple M1 7-GPU (68.25 GB/s), 3.22 GiB, 27.43 tokens/s. Its per-layer
    // table has 262,144 rows for 35 layers x 256 numbers.
    const file = 3.22 * 1024 ** 3;
    const table = weightUse([
      { name: "per_layer_token_embd.weight", type: "Q5_K", shape: [35 * 256, 262_144] },
    ]);
    expect(table.bytesPerToken).toBe(0);
    expect(ratePlausible(27.43, dense(file, 68.25)).passed).toBe(false);
    expect(ratePlausible(27.43, dense(file - table.totalBytes, 68.25)).passed).toBe(true);
  });

  it("refuses a rate that no memory could serve, and says what was compared", () => {
    const seen = ratePlausible(100, dense(5e9, 100));
    expect(seen).toEqual({
      passed: false,
      detail:
        "measured 100 tokens/s; at most 20 tokens/s: 4.7 GiB are read per step from memory at 100.0 GB/s",
    });
  });

  it("allows 10 % for the error of the bandwidth", () => {
    expect(ratePlausible(21.9, dense(5e9, 100)).passed).toBe(true);
    expect(ratePlausible(22.1, dense(5e9, 100)).passed).toBe(false);
  });

  it("counts the cache that is read, once per sequence, and the weights once for all", () => {
    const at = (cacheBytesPerToken: number, concurrency: number) =>
      decodeBound({ weightBytesPerToken: 4e9, cacheBytesPerToken, places: [memory(100)], concurrency })
        .tokensPerSecond;
    expect(at(1e9, 1)).toBeCloseTo(20, 9);
    expect(at(1e9, 4)).toBeCloseTo(50, 9);
  });

  it("reads from GPU and RAM one after the other", () => {
    const places = [memory(1000, 0.5, "GPU"), memory(50, 0.5, "RAM")];
    const bound = decodeBound({ weightBytesPerToken: 10e9, cacheBytesPerToken: 0, places });
    expect(bound.tokensPerSecond).toBeCloseTo(1 / (0.005 + 0.1), 9);
    expect(bound.words).toContain("GPU at 1000.0 GB/s and RAM at 50.0 GB/s");
  });

  it("gives no bound for a model that fits into the processor's caches, unless the arithmetic is known", () => {
    const work = {
      weightBytesPerToken: 3.9e6,
      cacheBytesPerToken: 0,
      places: [memory(20)],
      cacheSizeBytes: 32e6,
    };
    const bound = decodeBound(work);
    expect(bound.tokensPerSecond).toBeNull();
    expect(ratePlausible(5000, bound)).toMatchObject({ passed: null });
    const computed = decodeBound({ ...work, flopsPerToken: 4e6, flopsPerSecond: 50e9 });
    expect(computed.tokensPerSecond).toBeCloseTo(12_500, 6);
    expect(computed.words).toBe("at most 12500 tokens/s: 0.004 GFLOP per step at 50 GFLOP per second");
  });

  it("never rises with more bytes and never falls with more bandwidth or sequences", () => {
    const amount = fc.double({ min: 1e6, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.double({ min: 1, max: 5000, noNaN: true }),
        (weights, cache, bandwidth) => {
          const at = (w: number, b: number, concurrency: number) =>
            decodeBound({
              weightBytesPerToken: w,
              cacheBytesPerToken: cache,
              places: [memory(b)],
              concurrency,
            }).tokensPerSecond ?? 0;
          const base = at(weights, bandwidth, 1);
          expect(at(weights * 2, bandwidth, 1)).toBeLessThan(base);
          expect(at(weights, bandwidth * 2, 1)).toBeGreaterThan(base);
          expect(at(weights, bandwidth, 2)).toBeGreaterThanOrEqual(base * (1 - 1e-12));
        },
      ),
    );
  });

  it("refuses shares that don't sum to 1 and a bandwidth of zero", () => {
    const work = { weightBytesPerToken: 1, cacheBytesPerToken: 0 };
    expect(() => decodeBound({ ...work, places: [memory(1, 0.5)] })).toThrow("must sum to 1");
    expect(() => decodeBound({ ...work, places: [] })).toThrow(RangeError);
    expect(() => decodeBound({ ...work, places: [memory(0)] })).toThrow(RangeError);
  });
});

describe("prefillBound", () => {
  it("is FLOPs over FLOPs: an M1 of 2.3 TFLOP/s can't read prompts of a 1-billion model faster than 1,150 tokens/s", () => {
    const bound = prefillBound({ promptTokens: 512, parametersPerPromptToken: 1e9, flopsPerSecond: 2.3e12 });
    expect(bound.tokensPerSecond).toBeCloseTo(1150, 6);
    // Measured: enescingoz/mac-llm-bench@5e919481, Apple M1 7-GPU, Llama 3.2 1B: 772.9 tokens/s.
    expect(ratePlausible(772.9, bound).passed).toBe(true);
    expect(bound.words).toBe("at most 1150 tokens/s: 1.02 TFLOP for the prompt at 2.3 TFLOP per second");
  });

  it("reads the weights once per batch: batches of 8 can't be fast", () => {
    const work = {
      promptTokens: 512,
      parametersPerPromptToken: 1e9,
      weightBytesPerToken: 1e9,
      places: [memory(50)],
    };
    expect(prefillBound({ ...work, numBatch: 8 }).tokensPerSecond).toBeCloseTo(400, 6);
    expect(prefillBound({ ...work, numBatch: 512 }).tokensPerSecond).toBeCloseTo(25_600, 6);
  });

  it("falls with the length of the prompt once attention counts", () => {
    const architecture = parseModelArchitecture({
      modelInfo: {
        "general.architecture": "llama",
        "llama.block_count": 32,
        "llama.embedding_length": 4096,
        "llama.attention.head_count": 32,
        "llama.attention.head_count_kv": 8,
      },
    });
    const at = (promptTokens: number) =>
      prefillBound({
        promptTokens,
        parametersPerPromptToken: 7e9,
        attentionFlops: attentionFlops(architecture, promptTokens),
        flopsPerSecond: 1e14,
      }).tokensPerSecond ?? 0;
    // 31 layers x 2 x 32 heads x 256 numbers x n (n + 1) / 2 pairs.
    expect(attentionFlops(architecture, 1000)).toBe(31 * 2 * 32 * 256 * 500_500);
    expect(at(100_000)).toBeLessThan(0.6 * at(1000));
  });

  it("counts only the pairs inside a window", () => {
    const layer = { elementsPerToken: 1, window: 10, stateBytes: 0 };
    const architecture = {
      ...parseModelArchitecture({ modelInfo: {} }),
      headCount: 1,
      keyLength: 1,
      valueLength: 1,
      layersAtLeast: [layer, layer],
    };
    // One counted layer, 4 FLOPs per pair, 10 x 11 / 2 + 90 x 10 pairs.
    expect(attentionFlops(architecture, 100)).toBe(4 * (55 + 900));
  });

  it("gives no bound when nothing is known, and says so", () => {
    const bound = prefillBound({ promptTokens: 512, parametersPerPromptToken: 0 });
    expect(bound.tokensPerSecond).toBeNull();
    expect(bound.words).toContain("no bound");
    expect(attentionFlops(parseModelArchitecture({ modelInfo: {} }), 100)).toBe(0);
  });
});
