// The keys of /api/show's model_info that we use, as plain numbers: absent, null and nonsense all become null.

/** One value for all layers, one per layer, or null when unknown (arrays are null unless the request was verbose). */
export type PerLayer = number | readonly number[] | null;

/** What model_info says, family prefix removed. */
export interface ShowKeys {
  readonly family: string;
  readonly parameterCount: number | null;
  readonly layerCount: number | null;
  readonly contextLength: number | null;
  readonly embeddingLength: number | null;
  readonly feedForwardLength: number | null;
  readonly headCount: number | null;
  /** `missing` tells an absent key (as many as heads, by GGUF convention) from an array that was not sent. */
  readonly kvHeads: PerLayer | "missing";
  readonly keyLength: number | null;
  readonly valueLength: number | null;
  /** Head lengths of the windowed layers, where they differ (gemma4). */
  readonly windowedKeyLength: number | null;
  readonly windowedValueLength: number | null;
  readonly slidingWindow: number | null;
  readonly slidingWindowPattern: PerLayer;
  /** The last so many layers reuse the cache of earlier ones (gemma3n, gemma4). */
  readonly sharedKvLayers: number;
  /** Layers at the end that only speculative decoding uses. */
  readonly predictLayers: number;
  readonly kvLoraRank: number | null;
  readonly ropeDimensions: number | null;
  readonly keyLengthMla: number | null;
  readonly fullAttentionInterval: number | null;
  readonly recurrent: {
    readonly convKernel: number;
    readonly inner: number;
    readonly state: number;
    readonly groups: number;
  } | null;
  readonly expertCount: number | null;
  readonly expertUsedCount: number | null;
  readonly vocabularySize: number | null;
}

/** Reads the keys. Never throws. Source: reference/ollama-facts.md 5. */
export function readShowKeys(info: Readonly<Record<string, unknown>>): ShowKeys {
  const family = typeof info["general.architecture"] === "string" ? info["general.architecture"] : "unknown";
  const raw = (key: string): unknown => info[`${family}.${key}`];
  const number = (key: string): number | null => countOf(raw(key));
  const headCount = largest(perLayer(raw("attention.head_count")));
  const embeddingLength = number("embedding_length");
  const headLength = headCount && embeddingLength ? embeddingLength / headCount : null;
  const keyLength = number("attention.key_length") ?? headLength;
  const valueLength = number("attention.value_length") ?? headLength;
  return {
    family,
    parameterCount: countOf(info["general.parameter_count"]),
    layerCount: number("block_count"),
    contextLength: number("context_length"),
    embeddingLength,
    feedForwardLength: largest(perLayer(raw("feed_forward_length"))),
    headCount,
    kvHeads:
      `${family}.attention.head_count_kv` in info ? perLayer(raw("attention.head_count_kv")) : "missing",
    keyLength,
    valueLength,
    windowedKeyLength: number("attention.key_length_swa") ?? keyLength,
    windowedValueLength: number("attention.value_length_swa") ?? valueLength,
    slidingWindow: number("attention.sliding_window"),
    slidingWindowPattern: perLayer(raw("attention.sliding_window_pattern")),
    sharedKvLayers: number("attention.shared_kv_layers") ?? 0,
    predictLayers: number("nextn_predict_layers") ?? 0,
    kvLoraRank: number("attention.kv_lora_rank"),
    ropeDimensions: number("rope.dimension_count"),
    keyLengthMla: number("attention.key_length_mla"),
    fullAttentionInterval: number("full_attention_interval"),
    recurrent: recurrentOf(number),
    expertCount: number("expert_count"),
    expertUsedCount: number("expert_used_count"),
    vocabularySize: number("vocab_size") ?? lengthOf(info["tokenizer.ggml.tokens"]),
  };
}

function recurrentOf(number: (key: string) => number | null): ShowKeys["recurrent"] {
  const inner = number("ssm.inner_size");
  const state = number("ssm.state_size");
  if (!inner || !state) return null;
  return { convKernel: number("ssm.conv_kernel") ?? 0, inner, state, groups: number("ssm.group_count") ?? 0 };
}

/** A whole number of at least zero, or null. */
function countOf(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function perLayer(value: unknown): PerLayer {
  if (!Array.isArray(value)) return countOf(value);
  const counts = value.map((entry) => (typeof entry === "boolean" ? Number(entry) : countOf(entry)));
  return counts.length > 0 && counts.every((count) => count !== null) ? counts : null;
}

function largest(value: PerLayer): number | null {
  return typeof value === "number" || value === null ? value : Math.max(...value);
}

const lengthOf = (value: unknown): number | null =>
  Array.isArray(value) && value.length > 0 ? value.length : null;
