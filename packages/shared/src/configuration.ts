// Configurations: their identity, their names for people, and the prompt length that fills them.
import { create } from "@bufbuild/protobuf";
import { type Configuration, ConfigurationSchema } from "@ozone/proto/configuration";
import { CONTEXT_MARGIN_TOKENS } from "./limits.ts";

/** Types of the KV cache that can be asked for: those that every supported Ollama takes. */
export const KV_CACHE_TYPES: readonly string[] = ["f16", "q8_0", "q4_0"];

/** Whether a type needs flash attention: llama.cpp can't read a quantised V cache without it. */
export const isQuantisedCache = (kvCacheType: string): boolean => /^(q|iq)\d/.test(kvCacheType);

/** A configuration as plain values; absent and empty mean: as the server has it. */
export interface ConfigurationValues {
  readonly numCtx: number;
  readonly numBatch: number;
  readonly numThread?: number;
  readonly numGpu?: number;
  readonly kvCacheType?: string;
  readonly flashAttention?: string;
  readonly numPredict: number;
  readonly concurrency?: number;
}

/** Builds the message; concurrency is 1 unless said otherwise. */
export function configuration(values: ConfigurationValues): Configuration {
  return create(ConfigurationSchema, {
    kvCacheType: "",
    flashAttention: "",
    ...values,
    concurrency: values.concurrency ?? 1,
  });
}

/** Ollama's names of the dimensions, and ours. */
export const DIMENSION_FIELDS = {
  num_ctx: "numCtx",
  num_batch: "numBatch",
  num_thread: "numThread",
  num_gpu: "numGpu",
  kv_cache_type: "kvCacheType",
  flash_attention: "flashAttention",
  num_predict: "numPredict",
  concurrency: "concurrency",
} as const;

/** A dimension by Ollama's name. */
export type DimensionName = keyof typeof DIMENSION_FIELDS;

/** Whether something is the name of a dimension. */
export const isDimensionName = (name: string): name is DimensionName => Object.hasOwn(DIMENSION_FIELDS, name);

/** Ollama's names of the dimensions with their values, absent ones left out, in a fixed order. */
export function dimensionsOf(point: Configuration): Record<string, number | string> {
  const dimensions: Record<string, number | string> = { num_ctx: point.numCtx, num_batch: point.numBatch };
  if (point.numThread !== undefined) dimensions.num_thread = point.numThread;
  if (point.numGpu !== undefined) dimensions.num_gpu = point.numGpu;
  if (point.kvCacheType !== "") dimensions.kv_cache_type = point.kvCacheType;
  if (point.flashAttention !== "") dimensions.flash_attention = point.flashAttention;
  dimensions.num_predict = point.numPredict;
  if (point.concurrency > 1) dimensions.concurrency = point.concurrency;
  return dimensions;
}

/** Identity of a configuration: equal keys, equal configurations. Stable: it is stored. */
export const configurationKey = (point: Configuration): string =>
  Object.entries(dimensionsOf(point))
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");

/** "num_ctx 4096, num_batch 512": for people. */
export const describeConfiguration = (point: Configuration): string =>
  Object.entries(dimensionsOf(point))
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

/**
 * Tokens of the prompt that fills the asked share of the context:
 * min(floor(fill x num_ctx), num_ctx - num_predict - 8).
 * @returns less than 1 when the output alone does not fit the context.
 */
export const promptTokensFor = (point: { numCtx: number; numPredict: number }, fill: number): number =>
  Math.min(Math.floor(fill * point.numCtx), point.numCtx - point.numPredict - CONTEXT_MARGIN_TOKENS);

/** Whether the context was really filled: prompt + generated >= fill x num_ctx, or the whole of what fits. */
export function isFilled(
  point: { numCtx: number; numPredict: number },
  fill: number,
  used: { promptTokens: number; generatedTokens: number },
): boolean {
  const total = used.promptTokens + used.generatedTokens;
  return total >= fill * point.numCtx || total >= point.numCtx - CONTEXT_MARGIN_TOKENS;
}

/**
 * Checks a configuration against what any server could do.
 * @returns one sentence per problem; empty when it is possible.
 */
export function configurationProblems(point: Configuration, trainedContext: number): string[] {
  const problems: string[] = [];
  if (trainedContext > 0 && point.numCtx > trainedContext) {
    problems.push(
      `num_ctx ${point.numCtx} is beyond the ${trainedContext} tokens the model was trained for; Ollama would clamp it in silence. Use at most ${trainedContext}.`,
    );
  }
  if (promptTokensFor(point, 1) < 16) {
    problems.push(
      `num_predict ${point.numPredict} leaves no room for a prompt in num_ctx ${point.numCtx}; raise num_ctx or lower num_predict.`,
    );
  }
  return problems;
}
