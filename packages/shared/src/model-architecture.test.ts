import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimateMemory, kvBytesPerToken } from "./memory-model.ts";
import { parseModelArchitecture } from "./model-architecture.ts";

/** model_info with the family's prefix put before each key. */
const info = (family: string, keys: Record<string, unknown>): Record<string, unknown> => ({
  "general.architecture": family,
  ...Object.fromEntries(Object.entries(keys).map(([key, value]) => [`${family}.${key}`, value])),
});

const llama8b = info("llama", {
  block_count: 32,
  context_length: 131_072,
  embedding_length: 4096,
  feed_forward_length: 14_336,
  vocab_size: 128_256,
  "attention.head_count": 32,
  "attention.head_count_kv": 8,
  "rope.dimension_count": 128,
});

const qwen3Next = info("qwen3next", {
  block_count: 48,
  embedding_length: 2048,
  full_attention_interval: 4,
  "attention.head_count": 16,
  "attention.head_count_kv": 2,
  "attention.key_length": 256,
  "attention.value_length": 256,
  "ssm.conv_kernel": 4,
  "ssm.inner_size": 4096,
  "ssm.state_size": 128,
  "ssm.group_count": 16,
});

const windows = (modelInfo: Record<string, unknown>) =>
  parseModelArchitecture({ modelInfo }).layers.map(({ window }) => window);

describe("parseModelArchitecture", () => {
  it("reads a plain transformer: llama 3.1 8B caches 131,072 bytes per token in f16", () => {
    const seen = parseModelArchitecture({ modelInfo: llama8b });
    expect(seen).toMatchObject({
      family: "llama",
      trainedContext: 131_072,
      keyLength: 128,
      experts: null,
      unknown: [],
    });
    expect(seen.layers).toHaveLength(32);
    expect(seen.layersAtLeast).toEqual(seen.layers);
    expect(kvBytesPerToken(seen)).toBe(131_072);
  });

  it("takes as many key-value heads as heads where the key is absent", () => {
    const { "llama.attention.head_count_kv": _, ...without } = llama8b;
    expect(kvBytesPerToken(parseModelArchitecture({ modelInfo: without }))).toBe(4 * 131_072);
  });

  it("says what a null array leaves open, believing the most and being sure of nothing", () => {
    const seen = parseModelArchitecture({ modelInfo: { ...llama8b, "llama.attention.head_count_kv": null } });
    expect(kvBytesPerToken(seen)).toBe(4 * 131_072);
    expect(seen.layersAtLeast.every(({ elementsPerToken }) => elementsPerToken === 0)).toBe(true);
    expect(seen.unknown).toEqual(["the number of key-value heads per layer (ask /api/show with verbose)"]);
  });

  it("reads the widths from the tensors where the array was not sent", () => {
    const tensors = Array.from({ length: 32 }, (_, layer) =>
      ["attn_q", "attn_k", "attn_v"].map((part) => ({
        name: `blk.${layer}.${part}.weight`,
        type: "Q4_K",
        shape: [4096, part === "attn_q" ? 4096 : 1024],
      })),
    ).flat();
    const modelInfo = { ...llama8b, "llama.attention.head_count_kv": null };
    const seen = parseModelArchitecture({ modelInfo, tensors });
    expect(seen.unknown).toEqual([]);
    expect(seen.layersAtLeast).toEqual(seen.layers);
    expect(kvBytesPerToken(seen)).toBe(131_072);
  });

  it("sums a list of key-value heads layer by layer", () => {
    const heads = Array.from({ length: 32 }, (_, layer) => (layer < 16 ? 8 : 4));
    const seen = parseModelArchitecture({
      modelInfo: { ...llama8b, "llama.attention.head_count_kv": heads },
    });
    expect(kvBytesPerToken(seen)).toBe(131_072 * 0.75);
  });

  it("gives gemma3 a window in five of six layers, known without the pattern", () => {
    const keys = { block_count: 12, embedding_length: 2560, "attention.sliding_window": 1024 };
    const heads = { "attention.head_count": 8, "attention.head_count_kv": 4, "attention.key_length": 256 };
    const seen = windows(info("gemma3", { ...keys, ...heads, "attention.value_length": 256 }));
    expect(seen.map((window) => window ?? 0)).toEqual([
      1024, 1024, 1024, 1024, 1024, 0, 1024, 1024, 1024, 1024, 1024, 0,
    ]);
  });

  it("follows a pattern that is listed layer by layer", () => {
    const keys = {
      block_count: 4,
      "attention.sliding_window": 512,
      "attention.head_count": 2,
      embedding_length: 128,
    };
    const seen = windows(
      info("gemma4", { ...keys, "attention.sliding_window_pattern": [true, true, false, true] }),
    );
    expect(seen).toEqual([512, 512, null, 512]);
  });

  it("is sure of no more than the window where an unknown family does not say which layers have one", () => {
    const keys = {
      block_count: 2,
      "attention.sliding_window": 512,
      "attention.head_count": 2,
      embedding_length: 128,
    };
    const seen = parseModelArchitecture({ modelInfo: info("newfamily", keys) });
    expect(seen.layers.map(({ window }) => window)).toEqual([null, null]);
    expect(seen.layersAtLeast.map(({ window }) => window)).toEqual([512, 512]);
    expect(seen.unknown[0]).toContain("512 tokens");
  });

  it("believes 4,096 tokens in the windowed layers of gpt-oss and is sure of 128", () => {
    const keys = {
      block_count: 2,
      "attention.sliding_window": 128,
      "attention.head_count": 64,
      embedding_length: 2880,
    };
    const heads = { "attention.head_count_kv": 8, "attention.key_length": 64, "attention.value_length": 64 };
    const seen = parseModelArchitecture({ modelInfo: info("gptoss", { ...keys, ...heads }) });
    expect(seen.layers.map(({ window }) => window)).toEqual([4096, null]);
    expect(seen.layersAtLeast.map(({ window }) => window)).toEqual([128, null]);
  });

  it("knows the chunks of llama4, whose files don't mention them", () => {
    const keys = {
      block_count: 4,
      "attention.head_count": 40,
      "attention.head_count_kv": 8,
      embedding_length: 5120,
    };
    expect(windows(info("llama4", keys))).toEqual([8192, 8192, 8192, null]);
  });

  it("gives a hybrid attention in every fourth layer and a fixed state in the others", () => {
    const seen = parseModelArchitecture({ modelInfo: qwen3Next });
    // 12 layers x 2 heads x (256 + 256) x 2 bytes.
    expect(kvBytesPerToken(seen)).toBe(12 * 2 * 512 * 2);
    // (4 - 1) x (4096 + 2 x 16 x 128) + 128 x 4096 numbers of 4 bytes.
    expect(seen.layers[0]).toEqual({
      elementsPerToken: 0,
      window: null,
      stateBytes: 4 * (3 * 8192 + 524_288),
    });
    expect(seen.layers[3]).toEqual({ elementsPerToken: 1024, window: null, stateBytes: 0 });
    expect(seen.layersAtLeast).toEqual(seen.layers);
  });

  it("is sure of nothing for a hybrid that does not say which layers are which", () => {
    const { "qwen3next.full_attention_interval": _, ...without } = qwen3Next;
    const seen = parseModelArchitecture({ modelInfo: without });
    expect(seen.unknown).toEqual(["which layers are recurrent"]);
    expect(
      seen.layersAtLeast.every(({ elementsPerToken, stateBytes }) => elementsPerToken + stateBytes === 0),
    ).toBe(true);
  });

  it("tells attention, recurrent and plain layers of a hybrid apart by their tensors", () => {
    const modelInfo = info("nemotron_h", {
      block_count: 3,
      embedding_length: 64,
      "attention.head_count": 4,
      "attention.head_count_kv": null,
      "ssm.inner_size": 128,
      "ssm.state_size": 16,
    });
    const tensor = (name: string, shape: number[]) => ({ name: `blk.${name}.weight`, type: "F16", shape });
    const tensors = [
      tensor("0.attn_norm", [64]),
      tensor("0.ssm_out", [128, 64]),
      tensor("1.attn_norm", [64]),
      tensor("1.attn_q", [64, 64]),
      tensor("1.attn_k", [64, 32]),
      tensor("1.attn_v", [64, 32]),
      tensor("2.attn_norm", [64]),
      tensor("2.ffn_up", [64, 256]),
    ];
    const seen = parseModelArchitecture({ modelInfo, tensors });
    expect(seen.layers.map(({ elementsPerToken }) => elementsPerToken)).toEqual([0, 64, 0]);
    expect(seen.layers.map(({ stateBytes }) => stateBytes)).toEqual([4 * 16 * 128, 0, 0]);
    expect(seen.unknown).toEqual([]);
  });

  it("counts the compressed vector of latent attention (DeepSeek V3: 576 numbers per layer)", () => {
    const mla = {
      block_count: 61,
      "attention.head_count": 128,
      "attention.kv_lora_rank": 512,
      "rope.dimension_count": 64,
      "attention.key_length": 576,
      "attention.value_length": 512,
    };
    const keys = { ...mla, "attention.head_count_kv": 1, "attention.key_length_mla": 192 };
    const compressed = parseModelArchitecture({ modelInfo: info("deepseek2", keys) });
    expect(kvBytesPerToken(compressed)).toBe(61 * 576 * 2);
    const old = {
      ...mla,
      "attention.head_count_kv": 128,
      "attention.key_length": 192,
      "attention.value_length": 128,
    };
    const full = parseModelArchitecture({ modelInfo: info("deepseek2", old) });
    expect(full.layers[0]?.elementsPerToken).toBe(128 * 320);
    expect(full.layersAtLeast[0]?.elementsPerToken).toBe(576);
  });

  it("gives layers that share a cache, or only predict ahead, nothing of their own", () => {
    const keys = { ...llama8b, "llama.attention.shared_kv_layers": 10, "llama.nextn_predict_layers": 2 };
    expect(kvBytesPerToken(parseModelArchitecture({ modelInfo: keys }))).toBe((131_072 * 20) / 32);
  });

  it("reads the experts of a mixture, and the vocabulary from the embedding table", () => {
    const modelInfo = info("qwen3moe", { block_count: 1, expert_count: 128, expert_used_count: 8 });
    const tensors = [{ name: "token_embd.weight", type: "Q4_K", shape: [2048, 151_936] }];
    const seen = parseModelArchitecture({ modelInfo, tensors });
    expect(seen.experts).toEqual({ count: 128, used: 8 });
    expect(seen.vocabularySize).toBe(151_936);
  });

  it("takes negative, fractional and textual counts for unknown", () => {
    const modelInfo = { ...llama8b, "llama.attention.key_length": -64, "llama.attention.value_length": "64" };
    const seen = parseModelArchitecture({ modelInfo: { ...modelInfo, "llama.context_length": 1.5 } });
    expect(seen).toMatchObject({ keyLength: 128, valueLength: 128, trainedContext: null });
    expect(
      parseModelArchitecture({ modelInfo: { ...llama8b, "llama.block_count": -1 } }).unknown,
    ).toHaveLength(1);
  });

  it("gives an empty shape for an empty reply, and says so", () => {
    for (const modelInfo of [null, undefined, {}]) {
      expect(parseModelArchitecture({ modelInfo })).toMatchObject({
        family: "unknown",
        layers: [],
        unknown: ["the number of layers"],
      });
    }
  });

  it("never throws, and never is sure of more than it believes, whatever the values are", () => {
    const value = fc.oneof(
      fc.integer({ min: -2, max: 64 }),
      fc.constantFrom<unknown>(
        null,
        Number.NaN,
        1.5,
        "7",
        {},
        [],
        [1, 2, 3],
        [true, false],
        [0, 4, 0, 4],
        ["x"],
      ),
    );
    const keys = [...Object.keys(qwen3Next), ...Object.keys(llama8b)]
      .map((key) => key.replace(/^(qwen3next|llama)\./, ""))
      .concat("attention.sliding_window", "attention.sliding_window_pattern", "attention.kv_lora_rank");
    const reply = fc.tuple(
      fc.constantFrom("llama", "gemma3", "gptoss", "qwen3next", "deepseek2", "falcon-h1", "other"),
      fc.dictionary(fc.constantFrom(...keys), value),
    );
    fc.assert(
      fc.property(reply, ([family, values]) => {
        const seen = parseModelArchitecture({
          modelInfo: { ...info(family, values), "general.architecture": family },
        });
        const need = estimateMemory(seen, 1000, { numCtx: 2048, parallel: 2 });
        expect(need.atLeastBytes).toBeLessThanOrEqual(need.totalBytes);
        expect(need.atLeastBytes).toBeGreaterThanOrEqual(1000);
        expect(Number.isFinite(need.totalBytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
