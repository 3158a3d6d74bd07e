import { describe, expect, it } from "vitest";
import type { GgufHeader } from "../gguf/read.ts";
import type { LoadOptions } from "../options/load-options.ts";
import { availableFrom } from "./available.ts";
import { estimateMemory, type PlannedLoad } from "./estimate.ts";

/** The header of the 4m model as far as the estimate reads it. */
const header: GgufHeader = {
  version: 3,
  metadata: new Map<string, string | number>([
    ["general.architecture", "llama"],
    ["llama.block_count", 2],
    ["llama.embedding_length", 256],
    ["llama.feed_forward_length", 704],
    ["llama.attention.head_count", 4],
    ["llama.attention.head_count_kv", 2],
  ]),
  tensors: [{ name: "all", shape: [1], type: "Q8_0", byteLength: 3_475_840 }],
  fileBytes: 3_560_480,
};

function planned(numCtx: number, numBatch: number, changes: Partial<PlannedLoad> = {}): PlannedLoad {
  const load: LoadOptions = { numCtx, numBatch, numThread: 1, numGpu: -1, mainGpu: 0, useMmap: false };
  return { load, parallel: 1, kvCacheType: "f16", flashAttention: true, ...changes };
}

function contextBytes(plan: PlannedLoad): number {
  const { kvBytes, computeBytes } = estimateMemory(header, plan);
  return kvBytes + computeBytes;
}

describe("the memory estimate", () => {
  // What llama.cpp b10361 allocated for the 4m model (cache + compute buffers), in bytes.
  it.each([
    [2048, 512, {}, 10_631_168, 0.01],
    [8192, 512, {}, 23_214_080, 0.01],
    [32_768, 512, {}, 73_545_728, 0.01],
    [8192, 2048, { parallel: 4 }, 92_900_000, 0.01],
    [8192, 2048, { flashAttention: false }, 356_600_000, 0.05],
  ])(
    "is close to what num_ctx %i, num_batch %i, %j really took",
    (numCtx, numBatch, changes, bytes, tolerance) => {
      expect(Math.abs(contextBytes(planned(numCtx, numBatch, changes)) / bytes - 1)).toBeLessThan(tolerance);
    },
  );

  it("counts the quantised cache in blocks of 32 elements with their scale", () => {
    const f16 = estimateMemory(header, planned(2048, 512)).kvBytes;
    expect(estimateMemory(header, planned(2048, 512, { kvCacheType: "q8_0" })).kvBytes).toBe((f16 * 34) / 64);
    expect(estimateMemory(header, planned(2048, 512, { kvCacheType: "q4_0" })).kvBytes).toBe((f16 * 18) / 64);
  });

  it("takes the key-value heads to be all heads where the file does not say", () => {
    const metadata = new Map(header.metadata);
    metadata.delete("llama.attention.head_count_kv");
    const plain = estimateMemory({ ...header, metadata }, planned(2048, 512));
    expect(plain.kvBytes).toBe(2 * estimateMemory(header, planned(2048, 512)).kvBytes);
  });
});

describe("the available memory", () => {
  const meminfo = "MemTotal:       2000 kB\nMemAvailable:    1000 kB\nSwapFree:         24 kB\n";

  it("is free memory and swap", () => {
    expect(availableFrom({ meminfo, cgroupMax: undefined, cgroupCurrent: undefined })).toBe(1024 * 1024);
  });

  it("ends at the cgroup's limit", () => {
    expect(availableFrom({ meminfo, cgroupMax: "500000\n", cgroupCurrent: "100000\n" })).toBe(400_000);
    expect(availableFrom({ meminfo, cgroupMax: "max\n", cgroupCurrent: "100000\n" })).toBe(1024 * 1024);
    expect(availableFrom({ meminfo, cgroupMax: "100\n", cgroupCurrent: "200\n" })).toBe(0);
  });

  it("is unknown without the system's files", () => {
    expect(availableFrom({ meminfo: undefined, cgroupMax: "1", cgroupCurrent: "0" })).toBeUndefined();
  });
});
