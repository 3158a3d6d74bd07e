// What each layer of a model caches: the places where architectures differ (sliding windows, recurrent layers,
// latent attention, shared caches) are settled here, once, into one list of layers.
import type { ModelTensor } from "./model-tensors.ts";
import type { ShowKeys } from "./show-keys.ts";

/** What one layer keeps for each sequence. */
export interface LayerCache {
  /** Numbers cached per token (keys and values together); 0 for a layer without attention. */
  readonly elementsPerToken: number;
  /** Tokens that the layer looks back at most; null: all of the context. */
  readonly window: number | null;
  /** Bytes of fixed state per sequence (recurrent layers), whatever the length. */
  readonly stateBytes: number;
}

/** The layers as we believe they are, as they are at least, and what is left open. */
export interface LayerCaches {
  readonly layers: readonly LayerCache[];
  readonly layersAtLeast: readonly LayerCache[];
  readonly unknown: readonly string[];
}

/** Number of cached values of a layer: believed, and certain. */
interface Elements {
  readonly believed: number;
  readonly certain: number;
}

const NONE: Elements = { believed: 0, certain: 0 };

/**
 * Families whose windowed layers follow a fixed period when the file does not say which they are: in each group all
 * but the last, or (fullFirst) all but the first; `window` where files omit even that. Source: llama.cpp,
 * set_swa_pattern in src/models (November 2026).
 */
const WINDOW_PERIODS: Readonly<Record<string, { period: number; fullFirst?: boolean; window?: number }>> = {
  cohere2: { period: 4 },
  exaone4: { period: 4 },
  gemma2: { period: 2, window: 4096 },
  gemma3: { period: 6 },
  gemma3n: { period: 5 },
  "gpt-oss": { period: 2 },
  gptoss: { period: 2 },
  llama4: { period: 4, window: 8192 },
  olmo2: { period: 4 },
  olmo3: { period: 4 },
  smallthinker: { period: 4, fullFirst: true },
};

/** Families that name a window which no engine of ours applies to the cache. */
const WINDOW_NOT_APPLIED = new Set(["llama", "phi3", "qwen2", "qwen3"]);

/** Ollama up to 0.24 keeps this many tokens in the windowed layers of gpt-oss, whatever the file says. */
const GPT_OSS_WINDOW = 4096;

/** Settles every layer. Never throws. Source: reference/ollama-facts.md 6. */
export function layerCaches(keys: ShowKeys, tensors: readonly ModelTensor[]): LayerCaches {
  const { layerCount } = keys;
  if (layerCount === null) return { layers: [], layersAtLeast: [], unknown: ["the number of layers"] };
  const unknown = new Set<string>();
  const cached = cachedLayers(keys);
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const pairs = Array.from({ length: layerCount }, (_, layer) => {
    const windowed = windowOf(keys, layer, unknown);
    const local = windowed.believed !== null;
    const elements = layer < cached ? elementsOf({ keys, shapes, layer, local, unknown }) : NONE;
    const state = layer < cached ? stateOf({ keys, shapes, layer }, elements) : NONE;
    return {
      believed: {
        elementsPerToken: elements.believed,
        window: windowed.believed,
        stateBytes: state.believed,
      },
      certain: { elementsPerToken: elements.certain, window: windowed.certain, stateBytes: state.certain },
    };
  });
  return {
    layers: pairs.map(({ believed }) => believed),
    layersAtLeast: pairs.map(({ certain }) => certain),
    unknown: [...unknown],
  };
}

/** Layers at the end that share a cache, or only predict ahead, keep nothing of their own. */
function cachedLayers({ layerCount, sharedKvLayers, predictLayers }: ShowKeys): number {
  return (layerCount ?? 0) - sharedKvLayers - predictLayers;
}

interface LayerPlace {
  readonly keys: ShowKeys;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly layer: number;
}

interface LayerQuestion extends LayerPlace {
  /** Whether the layer is windowed: then its heads may have another length. */
  readonly local: boolean;
  readonly unknown: Set<string>;
}

/** Numbers cached per token by one layer. */
function elementsOf(question: LayerQuestion): Elements {
  const { keys, layer, local, unknown } = question;
  const interval = keys.fullAttentionInterval;
  if (interval !== null && interval > 0 && (layer + 1) % interval !== 0) return NONE;
  if (keys.kvLoraRank !== null && keys.kvLoraRank > 0) return latentElements(keys);
  const measured = elementsFromTensors(question);
  if (measured !== null) return { believed: measured, certain: measured };
  const headLength = local
    ? sum(keys.windowedKeyLength, keys.windowedValueLength)
    : sum(keys.keyLength, keys.valueLength);
  if (headLength === null) {
    unknown.add("the lengths of keys and values");
    return NONE;
  }
  const heads = kvHeadsOf(keys, layer);
  if (heads === null) {
    unknown.add("the number of key-value heads per layer (ask /api/show with verbose)");
    return { believed: (keys.headCount ?? 0) * headLength, certain: 0 };
  }
  const elements = heads * headLength;
  // One number for a model with recurrent layers leaves open which layers have attention at all.
  const open = keys.recurrent !== null && interval === null && !Array.isArray(keys.kvHeads);
  if (open && elements > 0) unknown.add("which layers are recurrent");
  return { believed: elements, certain: open ? 0 : elements };
}

/** Key-value heads of a layer; null when the per-layer list was not sent. */
function kvHeadsOf({ kvHeads, headCount }: ShowKeys, layer: number): number | null {
  if (kvHeads === "missing") return headCount;
  if (kvHeads === null || typeof kvHeads === "number") return kvHeads;
  return kvHeads[layer] ?? null;
}

/** Latent attention (MLA) caches one compressed vector; files made before it cache full keys and values instead. */
function latentElements(keys: ShowKeys): Elements {
  const latent = (keys.kvLoraRank ?? 0) + (keys.ropeDimensions ?? 0);
  const heads = typeof keys.kvHeads === "number" ? keys.kvHeads : keys.headCount;
  const full = (heads ?? 0) * (sum(keys.keyLength, keys.valueLength) ?? 0);
  const compressed = keys.keyLengthMla !== null || heads === 1 || full === 0;
  return { believed: compressed ? latent : full, certain: compressed ? latent : Math.min(latent, full) };
}

/** The output width of a layer's key and value projections; null where the tensors don't settle it. */
function elementsFromTensors({ keys, shapes, layer }: LayerPlace): number | null {
  if (shapes.size === 0) return null;
  const width = (part: string): number | undefined => shapes.get(`blk.${layer}.${part}.weight`)?.[1];
  const keyWidth = width("attn_k");
  // Without a value projection of its own the layer caches its keys twice (gemma4).
  if (keyWidth !== undefined) return keyWidth + (width("attn_v") ?? keyWidth);
  const joint = width("attn_qkv");
  if (joint !== undefined) {
    // The joint projection of a recurrent layer has the same name.
    if (hasState(shapes, layer)) return 0;
    return keys.headCount && keys.keyLength ? joint - keys.headCount * keys.keyLength : null;
  }
  // A layer with other tensors but no projection of keys has no attention.
  return shapes.has(`blk.${layer}.attn_norm.weight`) && width("attn_q") === undefined ? 0 : null;
}

/** How far a layer looks back: null is all of the context. */
function windowOf(
  keys: ShowKeys,
  layer: number,
  unknown: Set<string>,
): { believed: number | null; certain: number | null } {
  const { family } = keys;
  const window = keys.slidingWindow ?? WINDOW_PERIODS[family]?.window ?? 0;
  if (window === 0 || WINDOW_NOT_APPLIED.has(family)) return { believed: null, certain: null };
  const local = isWindowed(keys, layer);
  if (local === null) {
    unknown.add(`which layers look back only ${window} tokens (ask /api/show with verbose)`);
    return { believed: null, certain: window };
  }
  if (!local) return { believed: null, certain: null };
  const isGptOss = family === "gptoss" || family === "gpt-oss";
  return { believed: isGptOss ? Math.max(window, GPT_OSS_WINDOW) : window, certain: window };
}

/** Whether a layer is windowed; null when nothing says so. */
function isWindowed({ family, slidingWindowPattern: pattern }: ShowKeys, layer: number): boolean | null {
  if (pattern !== null && typeof pattern !== "number") return (pattern[layer] ?? 0) !== 0;
  const known = WINDOW_PERIODS[family];
  const period = pattern ?? known?.period;
  if (period === undefined || period === 0) return null;
  return known?.fullFirst ? layer % period !== 0 : layer % period < period - 1;
}

/** Fixed state per sequence, kept as 32-bit floats. */
function stateOf({ keys, shapes, layer }: LayerPlace, elements: Elements): Elements {
  if (keys.recurrent === null) return NONE;
  const { convKernel, inner, state, groups } = keys.recurrent;
  const bytes = 4 * (Math.max(0, convKernel - 1) * (inner + 2 * groups * state) + state * inner);
  if (shapes.size > 0) return hasState(shapes, layer) ? { believed: bytes, certain: bytes } : NONE;
  if (elements.certain > 0) return NONE;
  // Some hybrids also have layers with neither attention nor state; without tensors only the interval tells.
  return { believed: bytes, certain: keys.fullAttentionInterval === null ? 0 : bytes };
}

const hasState = (shapes: ReadonlyMap<string, readonly number[]>, layer: number): boolean =>
  shapes.has(`blk.${layer}.ssm_out.weight`);

const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);
