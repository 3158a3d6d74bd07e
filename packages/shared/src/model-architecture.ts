// The shape of a model as far as memory and speed depend on it, read from Ollama's /api/show. Pure: the caller did
// the request. Nothing here throws over a missing key: a model may be of any family, and arrays come as null unless
// the request was verbose; what is not known is said in `unknown`.
import { type LayerCache, layerCaches } from "./layer-caches.ts";
import type { ModelTensor } from "./model-tensors.ts";
import { readShowKeys } from "./show-keys.ts";

export type { LayerCache };

/** A model's shape. Lengths are counts of numbers, contexts are tokens. */
export interface ModelArchitecture {
  /** general.architecture, for instance "llama"; "unknown" when absent. */
  readonly family: string;
  readonly parameterCount: number | null;
  readonly trainedContext: number | null;
  readonly embeddingLength: number | null;
  readonly feedForwardLength: number | null;
  readonly headCount: number | null;
  readonly keyLength: number | null;
  readonly valueLength: number | null;
  readonly vocabularySize: number | null;
  /** Experts of a mixture and how many of them each token uses; null for a dense model. */
  readonly experts: { readonly count: number; readonly used: number } | null;
  /** Layers at the end that plain decoding skips (nextn_predict_layers); they are among the layers below. */
  readonly predictLayers: number;
  /** One entry per layer: the best guess. Empty when the number of layers is unknown. */
  readonly layers: readonly LayerCache[];
  /** One entry per layer: what it keeps at least, whichever way the open questions turn out. */
  readonly layersAtLeast: readonly LayerCache[];
  /** What could not be read, in words; empty when everything was. */
  readonly unknown: readonly string[];
}

/** The parts of an /api/show reply that matter here. */
export interface ShowReply {
  readonly modelInfo: Readonly<Record<string, unknown>> | null | undefined;
  /** `tensors` of the reply (present for GGUF models, verbose or not): makes the per-layer sizes exact. */
  readonly tensors?: readonly ModelTensor[] | null | undefined;
}

/**
 * Reads a model's shape from /api/show. Never throws; an empty reply gives an empty shape with its `unknown` list.
 * Source of the keys: reference/ollama-facts.md 5 and 6; the GGUF specification.
 */
export function parseModelArchitecture({ modelInfo, tensors }: ShowReply): ModelArchitecture {
  const keys = readShowKeys(modelInfo ?? {});
  const { layers, layersAtLeast, unknown } = layerCaches(keys, tensors ?? []);
  const { expertCount, expertUsedCount } = keys;
  return {
    family: keys.family,
    parameterCount: keys.parameterCount,
    trainedContext: keys.contextLength,
    embeddingLength: keys.embeddingLength,
    feedForwardLength: keys.feedForwardLength,
    headCount: keys.headCount,
    keyLength: keys.keyLength,
    valueLength: keys.valueLength,
    vocabularySize: keys.vocabularySize ?? vocabularyOf(tensors ?? []),
    experts: expertCount && expertUsedCount ? { count: expertCount, used: expertUsedCount } : null,
    predictLayers: keys.predictLayers,
    layers,
    layersAtLeast,
    unknown,
  };
}

/** Without verbose the token list is null, but the embedding table still has a row per token. */
function vocabularyOf(tensors: readonly ModelTensor[]): number | null {
  return tensors.find(({ name }) => name === "token_embd.weight")?.shape[1] ?? null;
}
