// The one file that touches node-llama-cpp's internals: batches, sampling and cache cells of a loaded context.
//
// Why not the public `LlamaContextSequence.evaluate`: measured on 3.20.0 (4m model, one thread) its bookkeeping costs
// 0.16 ms per token at depth 2048, 0.25 ms at 8192 and 0.85 ms at 32768 (it copies the token list at every step), which
// would bend every curve of speed over depth; it includes sampling in the time of a step; and it never fills the last
// token of a context (it shifts silently instead). The calls below cost 0.005 ms per token at any depth.
// The version is pinned and `openNative` checks the shape, so an upgrade that moves things fails at load, in words.
// The integration tests compare the text with a run through the public interface, token for token.
import type { Llama, LlamaContext, LlamaModel } from "node-llama-cpp";
import type { SamplingSettings } from "./messages.ts";

interface AddonContext {
  initBatch(tokens: number): void;
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(logitIndex: number, sampler: AddonSampler): Promise<number>;
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  shiftSequenceTokenCells(sequence: number, start: number, end: number, by: number): void;
  getMemoryBreakdown(): { cpuRam: number; gpuVram: number };
  getThreads(): number;
  setThreads(threads: number): void;
}

interface AddonSampler {
  applyConfig(config: Readonly<Record<string, number | Uint32Array>>): void;
  dispose(): void;
}

type AddonSamplerClass = new (model: object) => AddonSampler;

/** Tokens of one sequence to put into a batch. */
export interface BatchPart {
  readonly sequence: number;
  /** Position of the first token in the sequence. */
  readonly position: number;
  readonly tokens: readonly number[];
  /** Ask for logits after the last of these tokens. */
  readonly wantsLogits: boolean;
}

/** Chooses tokens for one generation and remembers what it chose. */
export interface Sampler {
  /** The next token after the batch part whose logits index `NativeContext.fill` returned. */
  sample(logitIndex: number): Promise<number>;
  dispose(): void;
}

/** A loaded context, close to the metal. Positions and sequences are the caller's responsibility. */
export interface NativeContext {
  /** Replaces the batch; returns for each part the index of its logits, or undefined where none were asked for. */
  fill(parts: readonly BatchPart[]): (number | undefined)[];
  /** Computes the batch off the main thread. Rejects if llama.cpp does. */
  decode(): Promise<void>;
  /** Forgets the cells from `start` up to (not including) `end`; -1 means to the end. False if the cache can't. */
  forget(sequence: number, start: number, end: number): boolean;
  /** Moves the cells from `start` to `end` by `by` positions. */
  move(sequence: number, range: { start: number; end: number }, by: number): void;
  sampler(settings: SamplingSettings, recentTokens: readonly number[]): Sampler;
  readonly contextBytes: number;
  readonly threads: number;
}

const contextMethods = [
  "initBatch",
  "addToBatch",
  "decodeBatch",
  "sampleToken",
  "removeTokenCellsFromSequence",
  "shiftSequenceTokenCells",
  "getMemoryBreakdown",
  "getThreads",
  "setThreads",
] as const;

/** Opens the internals of a context that was made with public calls. Throws if they are not as in the pinned version. */
export function openNative(llama: Llama, model: LlamaModel, context: LlamaContext): NativeContext {
  const addonContext = internal(context, "_ctx");
  const addonModel = internal(model, "_model");
  const samplerClass = internal(internal(llama, "_bindings"), "AddonSampler");
  if (contextMethods.some((name) => typeof Reflect.get(addonContext, name) !== "function"))
    throw changedInternals();
  if (typeof samplerClass !== "function") throw changedInternals();
  const cells = addonContext as AddonContext;
  // The library lowers the thread count only inside its own evaluation; here it stays as asked.
  cells.setThreads(context.idealThreads);
  const Sampler = samplerClass as unknown as AddonSamplerClass;
  return {
    fill: (parts) => fillBatch(cells, parts),
    decode: () => cells.decodeBatch(),
    forget: (sequence, start, end) => cells.removeTokenCellsFromSequence(sequence, start, end),
    move: (sequence, { start, end }, by) => cells.shiftSequenceTokenCells(sequence, start, end, by),
    sampler: (settings, recentTokens) => {
      const sampler = new Sampler(addonModel);
      sampler.applyConfig(samplerConfig(settings, recentTokens));
      return { sample: (index) => sampleToken(cells, index, sampler), dispose: () => sampler.dispose() };
    },
    contextBytes: cells.getMemoryBreakdown().cpuRam,
    threads: cells.getThreads(),
  };
}

async function sampleToken(cells: AddonContext, logitIndex: number, sampler: AddonSampler): Promise<number> {
  const token = await cells.sampleToken(logitIndex, sampler);
  if (token < 0) throw new Error("llama.cpp could not choose a token.");
  return token;
}

function internal(owner: object, name: string): object {
  const value: unknown = Reflect.get(owner, name);
  if ((typeof value !== "object" && typeof value !== "function") || value === null) throw changedInternals();
  return value;
}

function changedInternals(): Error {
  return new Error(
    "node-llama-cpp's internals are not those of version 3.20.0; install the pinned version or adapt runner/native.ts.",
  );
}

const noLogits = new Uint32Array(0);

function fillBatch(cells: AddonContext, parts: readonly BatchPart[]): (number | undefined)[] {
  cells.initBatch(parts.reduce((sum, { tokens }) => sum + tokens.length, 0));
  return parts.map(({ sequence, position, tokens, wantsLogits }) => {
    const logits = wantsLogits ? Uint32Array.of(tokens.length - 1) : noLogits;
    return cells.addToBatch(sequence, position, Uint32Array.from(tokens), logits)[0];
  });
}

function samplerConfig(
  settings: SamplingSettings,
  recentTokens: readonly number[],
): Record<string, number | Uint32Array> {
  const config: Record<string, number | Uint32Array> = {
    temperature: settings.temperature,
    topK: settings.topK,
    topP: settings.topP,
    minP: settings.minP,
    seed: settings.seed >>> 0,
  };
  if (settings.repeatPenalty === 1 || settings.repeatLastN <= 0) return config;
  return {
    ...config,
    repeatPenalty: settings.repeatPenalty,
    repeatPenaltyMaxTokens: settings.repeatLastN,
    repeatPenaltyTokens: Uint32Array.from(recentTokens.slice(-settings.repeatLastN)),
    repeatPenaltyPresencePenalty: settings.presencePenalty,
    repeatPenaltyFrequencyPenalty: settings.frequencyPenalty,
  };
}
