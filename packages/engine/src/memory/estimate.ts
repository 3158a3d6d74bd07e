// How much memory a load will take, estimated from the file's header before anything is started. Pure.
// The figures of compute buffers were fitted to what llama.cpp b10361 allocates on the CPU (see estimate.test.ts).
import type { GgufHeader } from "../gguf/read.ts";
import { allocatedContextLength, type LoadOptions } from "../options/load-options.ts";
import type { KvCacheType } from "../settings.ts";

/** How the model will be loaded. */
export interface PlannedLoad {
  readonly load: LoadOptions;
  readonly parallel: number;
  readonly kvCacheType: KvCacheType;
  readonly flashAttention: boolean;
}

/** The parts of the estimate, in bytes. */
export interface MemoryEstimate {
  readonly weightBytes: number;
  readonly kvBytes: number;
  readonly computeBytes: number;
  readonly totalBytes: number;
}

/** Bytes per element of the cache: blocks of 32 elements carry a 2-byte scale. */
const kvElementBytes: Readonly<Record<KvCacheType, number>> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };

/** A runner process without a model (measured: 105 MB of RSS with the 3.5 MB model at num_ctx 4096). */
const processBytes = 96 * 1024 * 1024;

/** Estimates the load. Unknown dimensions (another architecture's names) count as zero and leave the file's own size. */
export function estimateMemory(header: GgufHeader, planned: PlannedLoad): MemoryEstimate {
  const model = dimensions(header);
  const cells = allocatedContextLength(planned.load.numCtx) * planned.parallel;
  const weightBytes = header.tensors.reduce((sum, { byteLength }) => sum + (byteLength ?? 0), 0);
  const perCell = model.layers * model.kvHeads * (model.keyLength + model.valueLength);
  const kvBytes = cells * perCell * kvElementBytes[planned.kvCacheType];
  const batch = Math.max(planned.load.numBatch, planned.parallel);
  const computeBytes = batch * (batchRowBytes(model) + maskRowBytes(model, planned));
  return {
    weightBytes,
    kvBytes,
    computeBytes,
    totalBytes: weightBytes + kvBytes + computeBytes + processBytes,
  };
}

interface Dimensions {
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly keyLength: number;
  readonly valueLength: number;
  readonly embeddingLength: number;
  readonly feedForwardLength: number;
}

function dimensions({ metadata }: GgufHeader): Dimensions {
  const architecture = String(metadata.get("general.architecture") ?? "");
  const number = (name: string, fallback = 0): number => {
    const value = metadata.get(`${architecture}.${name}`);
    return typeof value === "number" ? value : fallback;
  };
  const embeddingLength = number("embedding_length");
  const heads = number("attention.head_count", 1);
  return {
    layers: number("block_count"),
    heads,
    kvHeads: number("attention.head_count_kv", heads),
    keyLength: number("attention.key_length", embeddingLength / heads),
    valueLength: number("attention.value_length", embeddingLength / heads),
    embeddingLength,
    feedForwardLength: number("feed_forward_length"),
  };
}

/** Activations of one token in a batch, 32-bit floats: about three feed-forward and four embedding rows at a time. */
function batchRowBytes({ feedForwardLength, embeddingLength }: Dimensions): number {
  return 4 * (3 * feedForwardLength + 4 * embeddingLength);
}

/** What one token of a batch needs per cell of its sequence: the mask and, without flash attention, all heads' scores. */
function maskRowBytes(model: Dimensions, { load, flashAttention }: PlannedLoad): number {
  return allocatedContextLength(load.numCtx) * (flashAttention ? 2 : 4 + 4 * model.heads);
}
