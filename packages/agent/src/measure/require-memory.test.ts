import { describe, expect, it } from "vitest";
import { modelDetailsOf } from "../ollama/model-details.ts";
import { openAttempt } from "./attempt.ts";
import type { ManagedServer, MemoryRoom } from "./ports.ts";
import { requireMemory } from "./require-memory.ts";
import { orderFor, portsFor, removeFolders } from "./trial-material.ts";

const GIB = 1024 ** 3;
/** 32 layers of 8 x 128 keys and values: 128 KiB per token at f16, 36 KiB at q4_0. */
const architecture = {
  "general.architecture": "llama",
  "llama.block_count": 32,
  "llama.context_length": 131_072,
  "llama.embedding_length": 4096,
  "llama.attention.head_count": 32,
  "llama.attention.head_count_kv": 8,
};
const model = {
  name: "m:latest",
  digest: "d",
  sizeBytes: 4 * GIB,
  family: "llama",
  parameterSize: "8B",
  quantization: "Q4_0",
};

interface Change {
  readonly point?: object;
  readonly known?: boolean;
  readonly managed?: boolean;
  readonly loadedBytes?: number;
}

async function refusal(room: MemoryRoom | null, change: Change = {}): Promise<string> {
  const order = orderFor({ point: { numCtx: 32_768, kvCacheType: "f16", ...change.point } });
  const managedServer = {} as ManagedServer;
  const ports = portsFor("http://127.0.0.1:1", {
    room: { read: async () => room },
    ...(change.managed === true ? { managedServer } : {}),
  });
  const attempt = openAttempt(order, ports);
  attempt.model = model;
  attempt.details = modelDetailsOf(change.known === false ? {} : { model_info: architecture }, model);
  const { loadedBytes } = change;
  if (loadedBytes !== undefined) {
    const other = {
      name: "other",
      digest: "o",
      contextLength: null,
      sizeVramBytes: 0,
      expiresAtMs: null,
      effective: null,
    };
    attempt.loadedBefore = [{ ...other, sizeBytes: loadedBytes }];
  }
  try {
    await requireMemory(attempt);
  } catch (thrown) {
    removeFolders();
    expect(thrown).toMatchObject({ failureClass: "out_of_memory_load" });
    return (thrown as Error).message;
  }
  removeFolders();
  return "";
}

/** 4 GiB of weights and 4 GiB of cache. */
const roomFor = (mainBytes: number, gpuBytes = 0): MemoryRoom => ({ mainBytes, gpuBytes });

describe("the refusal before a load", () => {
  it("says what is needed and what there is, and that nothing was loaded", async () => {
    expect(await refusal(roomFor(7 * GIB))).toMatch(
      /num_ctx 32768 needs at least 8\.0 GiB, and only 7\.0 GiB are free; it was not loaded\./,
    );
  });

  it("never hits what may fit: 6 % are left for what the figures don't know", async () => {
    expect(await refusal(roomFor(7.6 * GIB))).toBe("");
    expect(await refusal(roomFor(4 * GIB), { point: { kvCacheType: "" } })).toContain("at least 5.1 GiB");
    expect(await refusal(roomFor(5 * GIB), { point: { kvCacheType: "" } })).toBe("");
  });

  it("counts GPUs, unless nothing may go there, and what the same server would unload", async () => {
    expect(await refusal(roomFor(4 * GIB, 8 * GIB))).toBe("");
    expect(await refusal(roomFor(4 * GIB, 8 * GIB), { point: { numGpu: 0 } })).toContain("8.0 GiB");
    expect(await refusal(roomFor(4 * GIB), { loadedBytes: 5 * GIB })).toBe("");
  });

  it("counts the slots of a server of our own; those of others are not known", async () => {
    const point = { concurrency: 4 };
    expect(await refusal(roomFor(12 * GIB), { point })).toBe("");
    expect(await refusal(roomFor(12 * GIB), { point, managed: true })).toMatch(
      /each of 4 requests needs .* 20\.0 GiB/,
    );
  });

  it("does not guess: without the architecture or the room everything is tried", async () => {
    expect(await refusal(roomFor(1 * GIB), { known: false })).toBe("");
    expect(await refusal(null)).toBe("");
  });
});
