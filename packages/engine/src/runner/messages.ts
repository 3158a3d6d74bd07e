// What the server and a runner say to each other over the IPC channel. Only these messages count: a runner that ends
// without having said `loaded` or `done` has failed, whatever its exit code.
import type { LoadOptions } from "../options/load-options.ts";
import type { KvCacheType } from "../settings.ts";

/** What to load and how. */
export interface LoadRequest {
  readonly modelPath: string;
  readonly load: LoadOptions;
  readonly parallel: number;
  readonly kvCacheType: KvCacheType;
  readonly flashAttention: boolean;
}

/** What a loaded model really has, read back from llama.cpp where it tells. */
export interface LoadedFacts {
  /** Tokens allocated for each sequence. */
  readonly contextLength: number;
  /** The longest prompt plus text that a sequence takes: num_ctx as asked for and clamped. */
  readonly contextLimit: number;
  readonly numBatch: number;
  readonly numThread: number;
  readonly useMmap: boolean;
  readonly parallel: number;
  readonly kvCacheType: KvCacheType;
  readonly flashAttention: boolean;
  readonly weightBytes: number;
  /** Key-value cache and compute buffers. */
  readonly contextBytes: number;
}

/** One request for text. */
export interface GenerationRequest {
  readonly prompt: string;
  readonly numKeep: number;
  /** Tokens to generate at most; 0 or less means without limit. */
  readonly numPredict: number;
  /** Cut a prompt that is too long instead of refusing it. */
  readonly truncate: boolean;
  /** Discard half of the history when the context is full instead of ending. */
  readonly shift: boolean;
  readonly stop: readonly string[];
  readonly sampling: SamplingSettings;
}

/** How the next token is chosen; Ollama's names and meanings. */
export interface SamplingSettings {
  readonly seed: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repeatLastN: number;
  readonly repeatPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
}

/** How a generation went. Durations are whole nanoseconds of the runner's monotonic clock. */
export interface GenerationResult {
  readonly doneReason: "stop" | "length";
  /** Tokens of the prompt, after any cut, those found in the cache included. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** From the first batch to the logits of the prompt's last token. */
  readonly promptNs: number;
  /** Generated tokens, the first and a closing end-of-text token included. */
  readonly generatedTokens: number;
  /** From the first generated token's logits to the last one's: one step less than there are tokens. */
  readonly generationNs: number;
}

/** Why a generation ended without a result: the request was at fault, or it was cancelled. */
export type GenerationFailure = "input-too-long" | "empty-input" | "cancelled";

/** Server to runner. */
export type ToRunner =
  | { readonly type: "load"; readonly request: LoadRequest }
  | { readonly type: "generate"; readonly id: number; readonly request: GenerationRequest }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "count"; readonly id: number; readonly text: string };

/** Runner to server. */
export type FromRunner =
  | { readonly type: "loaded"; readonly facts: LoadedFacts }
  | { readonly type: "load-failed"; readonly message: string }
  | { readonly type: "token"; readonly id: number; readonly text: string }
  | { readonly type: "done"; readonly id: number; readonly result: GenerationResult }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly failure: GenerationFailure;
      readonly message: string;
    }
  | { readonly type: "counted"; readonly id: number; readonly tokens: number };
