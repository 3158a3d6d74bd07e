// How much memory a configuration needs: search.md step 1. It skips only what surely can't fit; everything else is
// tried, and the sizes seen then correct it (memory-calibration.ts).
import type { LayerCache, ModelArchitecture } from "./model-architecture.ts";
import { formatBytes } from "./units.ts";

/** Bytes per cached number, block overhead included. Source: ggml's block sizes; reference/ollama-facts.md 6. */
export const KV_BYTES_PER_ELEMENT: Readonly<Record<string, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
};

/** The smallest type anybody would set: what an unknown type costs at least. */
const SMALLEST_TYPE = "q4_0";
/** Contexts are padded to a multiple of this, at most one multiple more than asked. */
const CONTEXT_PADDING_TOKENS = 256;
/** Only what needs more than this share of the free memory is skipped: the reported free memory is a little off too. */
export const SURELY_ABOVE = 1.06;

/** A configuration as far as memory goes. Options left out are unknown. */
export interface MemoryRequest {
  /** Context of one sequence, tokens. */
  readonly numCtx: number;
  /** Sequences at a time. */
  readonly parallel?: number;
  readonly numBatch?: number;
  /** "" and null: as the server has it, which nobody can see from outside; f16 is then believed, q4_0 the least. */
  readonly kvCacheType?: string | null;
  /** Null: unknown, believed to be on. */
  readonly flashAttention?: boolean | null;
}

/** Needs in bytes, summed over all devices and the host. */
export interface MemoryNeed {
  readonly weightBytes: number;
  /** Cache of keys and values, and recurrent states. */
  readonly cacheBytes: number;
  /** Scratch memory for computing one batch. */
  readonly bufferBytes: number;
  readonly totalBytes: number;
  /** What is needed however the open questions turn out: weights and the smallest possible cache, no buffers. */
  readonly atLeastBytes: number;
}

/**
 * Bytes per cached number of an Ollama KV cache type.
 * @throws RangeError for a type that is not known.
 */
export function kvBytesPerElement(type: string): number {
  const size = KV_BYTES_PER_ELEMENT[type.toLowerCase()];
  if (size !== undefined) return size;
  const known = Object.keys(KV_BYTES_PER_ELEMENT).join(", ");
  throw new RangeError(`The KV cache type "${type}" is not known; use one of ${known}.`);
}

/**
 * Bytes that each further token of a context adds, once it is longer than every sliding window.
 * @throws RangeError for a cache type that is not known.
 */
export function kvBytesPerToken(architecture: ModelArchitecture, kvCacheType = "f16"): number {
  const elements = architecture.layers
    .filter(({ window }) => window === null)
    .reduce((sum, layer) => sum + layer.elementsPerToken, 0);
  return elements * kvBytesPerElement(kvCacheType);
}

/**
 * Bytes of cache that generating one token reads at least, `depthTokens` into the context of one sequence: each layer
 * looks at what it keeps of it. For the roofline's bound. An unknown cache type ("" or null) counts as the smallest.
 * @throws RangeError when the depth is negative or the cache type is not known.
 */
export function cacheReadBytes(
  { layersAtLeast }: ModelArchitecture,
  depthTokens: number,
  kvCacheType: string | null = null,
): number {
  if (!(depthTokens >= 0))
    throw new RangeError(`cacheReadBytes: a depth of ${depthTokens} tokens makes no sense.`);
  const elementBytes = kvBytesPerElement(kvCacheType || SMALLEST_TYPE);
  return cacheOf(layersAtLeast, { context: depthTokens, parallel: 1, batch: 0, elementBytes });
}

/**
 * Bytes needed for a model of `weightBytes` under a configuration.
 * Source: reference/ollama-facts.md 6.
 * @param weightBytes size of the weights, from /api/tags or weightUse.
 * @throws RangeError when a number is not above zero, or the cache type is not known.
 */
export function estimateMemory(
  architecture: ModelArchitecture,
  weightBytes: number,
  request: MemoryRequest,
): MemoryNeed {
  const { numCtx, parallel = 1, numBatch = 512 } = request;
  for (const [name, value] of Object.entries({ weightBytes, numCtx, parallel, numBatch })) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new RangeError(`estimateMemory: ${name} is ${value}, a number above zero is needed.`);
    }
  }
  // Ollama clamps to the trained context in silence.
  const context = Math.min(numCtx, architecture.trainedContext || numCtx);
  const padded = Math.ceil(context / CONTEXT_PADDING_TOKENS) * CONTEXT_PADDING_TOKENS;
  const batch = Math.min(numBatch, context);
  const type = request.kvCacheType || null;
  const believed = { context: padded, parallel, batch, elementBytes: kvBytesPerElement(type ?? "f16") };
  const least = { context, parallel, batch: 0, elementBytes: kvBytesPerElement(type ?? SMALLEST_TYPE) };
  const cacheBytes = cacheOf(architecture.layers, believed);
  const bufferBytes = buffersOf(architecture, {
    context: padded,
    batch,
    flash: request.flashAttention ?? true,
  });
  return {
    weightBytes,
    cacheBytes,
    bufferBytes,
    totalBytes: weightBytes + cacheBytes + bufferBytes,
    atLeastBytes: weightBytes + cacheOf(architecture.layersAtLeast, least),
  };
}

interface CacheRequest {
  readonly context: number;
  readonly parallel: number;
  readonly batch: number;
  readonly elementBytes: number;
}

function cacheOf(layers: readonly LayerCache[], request: CacheRequest): number {
  const { context, parallel, batch, elementBytes } = request;
  const whole = context * parallel;
  return layers.reduce((sum, { elementsPerToken, window, stateBytes }) => {
    // A windowed layer keeps its window per sequence and one batch to write into.
    const tokens = window === null ? whole : Math.min(whole, window * parallel + batch);
    return sum + elementsPerToken * tokens * elementBytes + stateBytes * parallel;
  }, 0);
}

/**
 * Scratch memory of a batch: the widest of two stages that reuse the same space, the logits and one layer (whose
 * attention scores only exist without flash attention), and the mask. The two stages are those of Ollama's GraphSize;
 * the small factors 4 and 3 were fitted to nine measured contexts of one small model (see the test): a guess elsewhere,
 * which is why buffers play no part in what is surely needed.
 */
function buffersOf(
  { vocabularySize, embeddingLength, feedForwardLength, headCount }: ModelArchitecture,
  { context, batch, flash }: { context: number; batch: number; flash: boolean },
): number {
  const embedding = embeddingLength ?? 0;
  const logits = (vocabularySize ?? 0) + 4 * embedding;
  const layer = (feedForwardLength ?? 0) + 3 * embedding + (flash ? 0 : context * (headCount ?? 0));
  const maskBytes = context * (flash ? 2 : 4);
  return batch * (4 * Math.max(logits, layer) + maskBytes);
}

/** Whether to skip a configuration, with the reason in words. */
export interface FitVerdict {
  readonly cannotFit: boolean;
  readonly reason: string;
}

/**
 * Whether a need surely can't be met: at least `atLeastBytes` > 1.06 x free. Anything less is worth a try.
 * @param freeBytes free memory of everything that may hold the model: RAM, plus VRAM where there is some.
 * @throws RangeError when freeBytes is negative or no number.
 */
export function surelyCannotFit({ atLeastBytes, totalBytes }: MemoryNeed, freeBytes: number): FitVerdict {
  if (!(freeBytes >= 0)) throw new RangeError(`surelyCannotFit: free memory is ${freeBytes} bytes.`);
  if (atLeastBytes > SURELY_ABOVE * freeBytes) {
    return {
      cannotFit: true,
      reason: `needs at least ${formatBytes(atLeastBytes)}, and only ${formatBytes(freeBytes)} are free`,
    };
  }
  return {
    cannotFit: false,
    reason: `about ${formatBytes(totalBytes)} of ${formatBytes(freeBytes)} free; not sure enough to skip it`,
  };
}

/** How a need is spread when num_gpu layers go to the GPUs. */
export interface GpuPlacement {
  /** Believed need on all GPUs together, buffers included. */
  readonly gpuBytes: number;
  readonly hostBytes: number;
  /** Certain need on all GPUs together: pass it to surelyCannotFit in place of the whole. */
  readonly gpuAtLeastBytes: number;
}

/**
 * Splits a need between GPUs and host: reference/statistics.md 2.3 A, num_gpu / layers x (weights + cache) + buffers.
 * @param layerBytes weight bytes of the numbered layers (weightUse): what num_gpu moves. Null: unknown, and then the
 * certain part counts the cache only.
 * @throws RangeError when num_gpu is negative or the number of layers is not above zero.
 */
export function placeOnGpu(
  need: MemoryNeed,
  { layers, numGpu, layerBytes }: { layers: number; numGpu: number; layerBytes: number | null },
): GpuPlacement {
  if (!(numGpu >= 0) || !(layers > 0)) {
    throw new RangeError(`placeOnGpu: num_gpu ${numGpu} of ${layers} layers makes no sense.`);
  }
  const share = Math.min(1, numGpu / layers);
  const gpuBytes = numGpu === 0 ? 0 : share * (need.weightBytes + need.cacheBytes) + need.bufferBytes;
  const cacheAtLeast = need.atLeastBytes - need.weightBytes;
  return {
    gpuBytes,
    hostBytes: need.totalBytes - gpuBytes,
    gpuAtLeastBytes: share * (Math.min(layerBytes ?? 0, need.weightBytes) + cacheAtLeast),
  };
}
