// How many of a model's bytes one token really touches: the tensors listed by /api/show, added up by what they are
// for. A look-up table is not read through, and of a mixture's experts only the chosen ones are.

/** One tensor as /api/show lists it: `shape` in GGUF order (input width first). */
export interface ModelTensor {
  readonly name: string;
  /** "F16", "Q4_K", ... */
  readonly type: string;
  readonly shape: readonly number[];
}

/** A model's weights by use, in bytes, and its multiplications. */
export interface WeightUse {
  /** All tensors. */
  readonly totalBytes: number;
  /** Tensors of the numbered layers: what num_gpu moves. */
  readonly layerBytes: number;
  /** Read for each generated token. */
  readonly bytesPerToken: number;
  /** Multiplied for each generated token: its work is twice that in FLOPs. */
  readonly parametersPerToken: number;
  /** Multiplied for each prompt token at least: neither the output head nor the last layer runs for all of them. */
  readonly parametersPerPromptToken: number;
  /** Types without a known size; their tensors count as nothing, so all figures are then lower bounds. */
  readonly unknownTypes: readonly string[];
}

/** Numbers per block and bytes per block. Source: ggml's type traits (ggml.c). */
const BLOCKS: Readonly<Record<string, readonly [numbers: number, bytes: number]>> = {
  F64: [1, 8],
  F32: [1, 4],
  F16: [1, 2],
  BF16: [1, 2],
  I32: [1, 4],
  I16: [1, 2],
  I8: [1, 1],
  I64: [1, 8],
  Q4_0: [32, 18],
  Q4_1: [32, 20],
  Q5_0: [32, 22],
  Q5_1: [32, 24],
  Q8_0: [32, 34],
  Q8_1: [32, 36],
  Q2_K: [256, 84],
  Q3_K: [256, 110],
  Q4_K: [256, 144],
  Q5_K: [256, 176],
  Q6_K: [256, 210],
  Q8_K: [256, 292],
  IQ1_S: [256, 50],
  IQ1_M: [256, 56],
  IQ2_XXS: [256, 66],
  IQ2_XS: [256, 74],
  IQ2_S: [256, 82],
  IQ3_XXS: [256, 98],
  IQ3_S: [256, 110],
  IQ4_XS: [256, 136],
  IQ4_NL: [32, 18],
  MXFP4: [32, 17],
};

/** What to know beside the tensors. */
export interface MixtureUse {
  /** Experts of a mixture and how many of them each token uses; null for a dense model. */
  readonly experts?: { readonly count: number; readonly used: number } | null;
  /** Layers at the end that plain decoding skips (nextn_predict_layers). */
  readonly predictLayers?: number;
}

/**
 * Adds up a model's tensors by use. Vision and audio parts count into the total only.
 * An empty list gives zeros: ask before you trust them.
 */
export function weightUse(tensors: readonly ModelTensor[], use: MixtureUse = {}): WeightUse {
  const decoded = layerCountOf(tensors) - (use.predictLayers ?? 0);
  const untied = tensors.some(({ name }) => name === "output.weight");
  const unknownTypes = new Set<string>();
  const sums = {
    totalBytes: 0,
    layerBytes: 0,
    bytesPerToken: 0,
    parametersPerToken: 0,
    parametersPerPromptToken: 0,
  };
  for (const tensor of tensors) {
    const size = bytesOf(tensor);
    if (size === null) unknownTypes.add(tensor.type);
    const layer = layerOf(tensor.name);
    const share = shareUsed(tensor.name, { untied, used: layer < decoded, experts: use.experts ?? null });
    sums.totalBytes += size ?? 0;
    if (layer >= 0) sums.layerBytes += size ?? 0;
    sums.bytesPerToken += (size ?? 0) * share;
    if (tensor.shape.length < 2) continue;
    const multiplied = numbersOf(tensor) * share;
    sums.parametersPerToken += multiplied;
    if (layer >= 0 && layer < decoded - 1) sums.parametersPerPromptToken += multiplied;
  }
  return { ...sums, unknownTypes: [...unknownTypes] };
}

const numbersOf = ({ shape }: ModelTensor): number => shape.reduce((product, length) => product * length, 1);

function bytesOf(tensor: ModelTensor): number | null {
  const block = BLOCKS[tensor.type.toUpperCase()];
  return block === undefined ? null : (numbersOf(tensor) / block[0]) * block[1];
}

/** Number of the layer a tensor belongs to, or -1. */
function layerOf(name: string): number {
  const found = /^blk\.(\d+)\./.exec(name);
  return found === null ? -1 : Number(found[1]);
}

const layerCountOf = (tensors: readonly ModelTensor[]): number =>
  tensors.reduce((most, { name }) => Math.max(most, layerOf(name) + 1), 0);

interface Circumstances {
  /** The model has an output head of its own, so the embedding is a mere look-up table. */
  readonly untied: boolean;
  /** Plain decoding runs this tensor's layer. */
  readonly used: boolean;
  readonly experts: { readonly count: number; readonly used: number } | null;
}

/** The share of a tensor that one token reads. */
function shareUsed(name: string, { untied, used, experts }: Circumstances): number {
  if (!used || /^(v|a|mm|vision|audio)\./.test(name)) return 0;
  if (name === "per_layer_token_embd.weight" || name === "position_embd.weight") return 0;
  if (name === "token_embd.weight") return untied ? 0 : 1;
  if (/_exps\./.test(name) && experts !== null) return Math.min(1, experts.used / experts.count);
  return 1;
}
