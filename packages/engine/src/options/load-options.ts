// The options that shape a loaded model, resolved to what will really be used, and the question whether a loaded model
// still fits a request. Pure.
import type { Options } from "./parse-options.ts";

/** Load-time options with every default and limit applied. */
export interface LoadOptions {
  /** Context length asked for per sequence, in tokens; llama.cpp rounds it up to a multiple of 256. */
  readonly numCtx: number;
  readonly numBatch: number;
  readonly numThread: number;
  /** As asked; negative means automatic. This engine computes on the CPU whatever it says. */
  readonly numGpu: number;
  readonly mainGpu: number;
  readonly useMmap: boolean;
}

/** What the resolution depends on besides the options. */
export interface LoadSurroundings {
  readonly trainedContextLength: number;
  readonly coreCount: number;
}

/** The shortest context Ollama allows. */
const contextLengthMin = 4;

/** llama.cpp allocates contexts in steps of this many tokens. */
export const contextStep = 256;

/** Applies defaults and limits as Ollama does (CPU loads do not map the file unless asked to). */
export function resolveLoadOptions(options: Options, surroundings: LoadSurroundings): LoadOptions {
  const numCtx = Math.min(Math.max(options.num_ctx, contextLengthMin), surroundings.trainedContextLength);
  return {
    numCtx,
    numBatch: Math.min(Math.max(options.num_batch, 1), numCtx),
    numThread: options.num_thread > 0 ? options.num_thread : Math.max(1, surroundings.coreCount - 1),
    numGpu: options.num_gpu,
    mainGpu: options.main_gpu,
    useMmap: options.use_mmap ?? false,
  };
}

/** Tokens that llama.cpp really allocates for a sequence with this num_ctx. */
export function allocatedContextLength(numCtx: number): number {
  return Math.ceil(numCtx / contextStep) * contextStep;
}

/** True if a model loaded with `existing` has to be loaded again for `wanted`. Automatic num_gpu fits anything. */
export function needsReload(existing: LoadOptions, wanted: LoadOptions): boolean {
  return (
    existing.numCtx !== wanted.numCtx ||
    existing.numBatch !== wanted.numBatch ||
    existing.numThread !== wanted.numThread ||
    existing.mainGpu !== wanted.mainGpu ||
    existing.useMmap !== wanted.useMmap ||
    (wanted.numGpu >= 0 && existing.numGpu !== wanted.numGpu)
  );
}
