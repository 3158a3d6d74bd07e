// Loads a model with node-llama-cpp on the CPU. Memory checks are the server's business (memory.ts): the library's own
// would shrink the context in silence.
import { getLlama, type Llama, type LlamaContext, LlamaLogLevel, type LlamaModel } from "node-llama-cpp";
import type { GeneratorModel } from "./generator.ts";
import type { LoadedFacts, LoadRequest } from "./messages.ts";
import { openNative } from "./native.ts";

/** A loaded model, ready to compute. It is never disposed of: the process ends instead (see main.ts). */
export interface LoadedModel {
  readonly model: GeneratorModel;
  readonly facts: LoadedFacts;
  /** The library's objects: whoever uses the model keeps them, lest their finalizers run. */
  readonly opened: Opened;
}

/** Receives llama.cpp's log lines that say something about the load, and all its warnings. */
export type LlamaLog = (level: "INFO" | "WARN" | "ERROR", line: string) => void;

const tellingLines =
  /buffer size =|llama_kv_cache: size|flash_attn|n_ctx {2}|n_batch {2}|n_ubatch {2}|file type|load_backend/;

/** Loads the model. Rejects with llama.cpp's last words when it cannot. */
export async function loadModel(request: LoadRequest, log: LlamaLog): Promise<LoadedModel> {
  let lastComplaint = "";
  const llama = await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: request.load.numThread,
    logLevel: LlamaLogLevel.info,
    logger: (level, message) => {
      const line = message.trim();
      if (level === LlamaLogLevel.info || level === LlamaLogLevel.log) {
        if (tellingLines.test(line)) log("INFO", line);
        return;
      }
      if (level === LlamaLogLevel.debug) return;
      log(level === LlamaLogLevel.warn ? "WARN" : "ERROR", line);
      if (level !== LlamaLogLevel.warn) lastComplaint = line;
    },
  });
  try {
    const model = await llama.loadModel({
      modelPath: request.modelPath,
      gpuLayers: 0,
      useMmap: request.load.useMmap,
      ignoreMemorySafetyChecks: true,
    });
    return describe(request, { llama, model, context: await createContext(model, request) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(lastComplaint === "" ? reason : `${reason}: ${lastComplaint}`, { cause: error });
  }
}

function createContext(model: LlamaModel, request: LoadRequest): Promise<LlamaContext> {
  const cacheType = kvTypeNames[request.kvCacheType];
  return model.createContext({
    contextSize: request.load.numCtx,
    batchSize: request.load.numBatch,
    sequences: request.parallel,
    threads: request.load.numThread,
    flashAttention: request.flashAttention,
    experimentalKvCacheKeyType: cacheType,
    experimentalKvCacheValueType: cacheType,
    ignoreMemorySafetyChecks: true,
    failedCreationRemedy: false,
  });
}

const kvTypeNames = { f16: "F16", q8_0: "Q8_0", q4_0: "Q4_0" } as const;

/** What node-llama-cpp gave. */
export interface Opened {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
}

function describe(request: LoadRequest, opened: Opened): LoadedModel {
  const { llama, model, context } = opened;
  const native = openNative(llama, model, context);
  const { bos, shouldPrependBosToken } = model.tokens;
  const facts: LoadedFacts = {
    contextLength: Math.floor(context.getAllocatedContextSize() / request.parallel),
    contextLimit: request.load.numCtx,
    numBatch: context.batchSize,
    numThread: native.threads,
    useMmap: request.load.useMmap,
    parallel: request.parallel,
    kvCacheType: request.kvCacheType,
    flashAttention: request.flashAttention,
    weightBytes: model.size,
    contextBytes: native.contextBytes,
  };
  return {
    facts,
    opened,
    model: {
      native,
      tokenize: (text) => {
        const tokens = model.tokenize(text, true);
        return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
      },
      detokenize: (tokens, before) => model.detokenize(asTokens(tokens), false, asTokens(before)),
      isEndToken: (token) => model.isEogToken(asTokens([token])[0]),
      beginToken: bos ?? undefined,
      parallel: request.parallel,
      numBatch: context.batchSize,
      contextLimit: request.load.numCtx,
    },
  };
}

/** The library brands its token numbers; at run time they are plain numbers. */
function asTokens(tokens: readonly number[]): Parameters<LlamaModel["detokenize"]>[0] {
  return tokens as Parameters<LlamaModel["detokenize"]>[0];
}
