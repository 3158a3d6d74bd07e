// Bytes: what a loaded model takes, where it lies, and whether it fits, in the words of each release's errors.
import type { LoadOptions } from "./options.ts";
import { RequestError } from "./request-error.ts";
import type { Script } from "./script.ts";
import type { ScriptedModel } from "./scripted-model.ts";
import { bytesPerElement, tensorBytes } from "./scripted-model.ts";
import type { Behaviours } from "./versions.ts";

/** What a runner was really given. */
export interface Allocation {
  /** Tokens of context per slot. */
  readonly numCtx: number;
  /** What /api/ps says about it. */
  readonly shownContext: number;
  readonly numBatch: number;
  readonly numThread: number;
  readonly kvCacheType: string;
  /** Share of the model on the GPU, 0 to 1. */
  readonly gpuShare: number;
}

/**
 * Decides what a load gets: the context clamped to what the model was trained for, the effective KV type, the placement.
 * @throws RequestError 500 where the release refuses a quantised KV cache without flash attention.
 */
export function allocate(
  asked: LoadOptions,
  model: ScriptedModel,
  script: Script,
  behaviours: Behaviours,
): Allocation {
  const numCtx = Math.min(asked.numCtx, model.architecture.trainedContext);
  return {
    numCtx,
    shownContext: behaviours.psShowsAllocatedContext ? numCtx : asked.numCtx,
    numBatch: Math.min(asked.numBatch, numCtx),
    numThread: asked.numThread > 0 ? asked.numThread : script.cores,
    kvCacheType: effectiveKvType(script, behaviours),
    gpuShare: gpuShareOf(asked, model, script),
  };
}

/** Bytes of a loaded model: weights, KV cache of all slots, compute buffers. */
export function loadedBytes(model: ScriptedModel, allocation: Allocation, numParallel: number): number {
  const { blocks, embedding, heads, kvHeads, vocabulary } = model.architecture;
  const kvPerToken = blocks * kvHeads * (embedding / heads) * 2 * bytesPerElement(allocation.kvCacheType);
  const compute = 4 * allocation.numBatch * (vocabulary + 8 * embedding);
  return Math.ceil(tensorBytes(model.tensors) + kvPerToken * allocation.numCtx * numParallel + compute);
}

/** Bytes on the GPU. */
export function vramBytes(size: number, gpuShare: number): number {
  return gpuShare >= 1 ? size : Math.floor(size * gpuShare);
}

/** The part of memory that other runners already have. */
export interface Occupied {
  readonly ramBytes: number;
  readonly vramBytes: number;
}

/**
 * Places a load into what is free. With automatic num_gpu fewer layers go to a full GPU, in silence.
 * @returns The share that fits on the GPU.
 * @throws RequestError 500 in the words of the release when it does not fit.
 */
export function place(
  size: number,
  wanted: Allocation & { explicitGpu: boolean },
  free: Occupied,
  behaviours: Behaviours,
): number {
  const fitting = Math.min(wanted.gpuShare, size === 0 ? 1 : free.vramBytes / size);
  if (wanted.explicitGpu && fitting < wanted.gpuShare)
    throw outOfMemory(size, free.vramBytes, behaviours, "vram");
  if (size - vramBytes(size, fitting) > free.ramBytes)
    throw outOfMemory(size, free.ramBytes, behaviours, "ram");
  return fitting;
}

/** The error of a load that does not fit, as each family of releases words it. */
export function outOfMemory(
  needed: number,
  available: number,
  behaviours: Behaviours,
  where: "ram" | "vram",
): RequestError {
  if (behaviours.checksMemoryBeforeLoad) {
    return where === "vram"
      ? new RequestError(500, "memory layout cannot be allocated")
      : new RequestError(
          500,
          `model requires more system memory (${gib(needed)}) than is available (${gib(available)})`,
        );
  }
  const detail =
    where === "vram"
      ? "cudaMalloc failed: out of memory"
      : `ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size ${needed}`;
  return new RequestError(500, `llama-server process has terminated: exit status 1: ${detail}`);
}

function effectiveKvType(script: Script, behaviours: Behaviours): string {
  const { kvCacheType, flashAttention } = script.server;
  if (kvCacheType === "f16" || flashAttention) return kvCacheType;
  if (behaviours.quantisedKvWithoutFlash === "falls_back") return "f16";
  throw new RequestError(
    500,
    "llama-server process has terminated: exit status 1: llama_init_from_model: V cache quantization requires flash_attn",
  );
}

function gpuShareOf(asked: LoadOptions, model: ScriptedModel, script: Script): number {
  if (script.gpuShare === 0 || asked.numGpu < 0) return script.gpuShare;
  return Math.min(1, asked.numGpu / (model.architecture.blocks + 1));
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
