// A model that the script claims to have: a llama-like architecture from which its tensors, sizes and metadata follow, so that
// what /api/show, /api/tags and /api/ps say about it agrees.
import { createHash } from "node:crypto";

/** Weight formats with their bytes per element (a block of 32 with its scales). */
const BYTES_PER_ELEMENT = { f32: 4, f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 } as const;

/** A weight format. */
export type Quantization = keyof typeof BYTES_PER_ELEMENT;

const FILE_TYPE: Record<Quantization, { label: string; id: number }> = {
  f32: { label: "F32", id: 0 },
  f16: { label: "F16", id: 1 },
  q4_0: { label: "Q4_0", id: 2 },
  q8_0: { label: "Q8_0", id: 7 },
};

/** The shape of a scripted model. */
export interface Architecture {
  readonly blocks: number;
  readonly embedding: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  readonly trainedContext: number;
}

/** One tensor as /api/show lists it. */
export interface ScriptedTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
}

/** A model of a script. Everything is plain data; build it with `scriptedModel` and override what a test needs. */
export interface ScriptedModel {
  /** Full name with tag, such as "scripted:tiny". */
  readonly name: string;
  /** 64 hexadecimal digits, the manifest digest of /api/tags. */
  readonly digest: string;
  /** Digest of the weights; models that share it share a runner, as in Ollama. */
  readonly blob: string;
  /** Bytes on disk. */
  readonly size: number;
  readonly architecture: Architecture;
  readonly tensors: readonly ScriptedTensor[];
  readonly details: Readonly<Record<string, unknown>>;
  /** As /api/show gives it without `verbose`. */
  readonly modelInfo: Readonly<Record<string, unknown>>;
  /** Options of the model itself (Modelfile PARAMETER), below those of a request. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly modifiedAt: string;
}

/** The default shape: so small that fast test paces stay below what any machine could really do with it. */
export const TINY: Architecture = {
  blocks: 2,
  embedding: 128,
  heads: 4,
  kvHeads: 2,
  feedForward: 352,
  vocabulary: 4096,
  trainedContext: 32_768,
};

/** Builds a consistent model from a name, a weight format and (parts of) a shape. */
export function scriptedModel(
  name = "scripted:tiny",
  options: { quantization?: Quantization; architecture?: Partial<Architecture> } = {},
): ScriptedModel {
  const quantization = options.quantization ?? "q8_0";
  const architecture = { ...TINY, ...options.architecture };
  const tensors = tensorsOf(architecture, quantization);
  const parameterCount = tensors.reduce((sum, tensor) => sum + elements(tensor), 0);
  const seed = JSON.stringify([architecture, quantization]);
  return {
    name,
    digest: sha256(`manifest ${name} ${seed}`),
    blob: `sha256:${sha256(`blob ${seed}`)}`,
    size: Math.ceil(tensorBytes(tensors)) + 8192,
    architecture,
    tensors,
    details: {
      parent_model: "",
      format: "gguf",
      family: "llama",
      families: ["llama"],
      parameter_size: `${(parameterCount / 1e6).toFixed(2)}M`,
      quantization_level: FILE_TYPE[quantization].label,
    },
    modelInfo: modelInfoOf(architecture, parameterCount, FILE_TYPE[quantization].id),
    parameters: {},
    modifiedAt: "2026-01-02T03:04:05.678901234Z",
  };
}

/** Bytes of a list of tensors. */
export function tensorBytes(tensors: readonly ScriptedTensor[]): number {
  return tensors.reduce((sum, tensor) => sum + elements(tensor) * bytesPerElement(tensor.type), 0);
}

/** Bytes per element of a format such as "Q8_0"; unknown formats count as f16. */
export function bytesPerElement(type: string): number {
  const known: Record<string, number> = BYTES_PER_ELEMENT;
  return known[type.toLowerCase()] ?? 2;
}

/** Hexadecimal SHA-256 of a text. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function elements(tensor: ScriptedTensor): number {
  return tensor.shape.reduce((product, length) => product * length, 1);
}

function tensorsOf(shape: Architecture, quantization: Quantization): ScriptedTensor[] {
  const type = FILE_TYPE[quantization].label;
  const kvWidth = (shape.embedding / shape.heads) * shape.kvHeads;
  const matrix = (name: string, rows: number, columns: number) => ({ name, type, shape: [rows, columns] });
  const norm = (name: string) => ({ name, type: "F32", shape: [shape.embedding] });
  const block = (index: number) => [
    norm(`blk.${index}.attn_norm.weight`),
    matrix(`blk.${index}.attn_q.weight`, shape.embedding, shape.embedding),
    matrix(`blk.${index}.attn_k.weight`, shape.embedding, kvWidth),
    matrix(`blk.${index}.attn_v.weight`, shape.embedding, kvWidth),
    matrix(`blk.${index}.attn_output.weight`, shape.embedding, shape.embedding),
    norm(`blk.${index}.ffn_norm.weight`),
    matrix(`blk.${index}.ffn_gate.weight`, shape.embedding, shape.feedForward),
    matrix(`blk.${index}.ffn_up.weight`, shape.embedding, shape.feedForward),
    matrix(`blk.${index}.ffn_down.weight`, shape.feedForward, shape.embedding),
  ];
  return [
    matrix("token_embd.weight", shape.embedding, shape.vocabulary),
    ...Array.from({ length: shape.blocks }, (_, index) => block(index)).flat(),
    norm("output_norm.weight"),
    matrix("output.weight", shape.embedding, shape.vocabulary),
  ];
}

function modelInfoOf(shape: Architecture, parameterCount: number, fileType: number): Record<string, unknown> {
  return {
    "general.architecture": "llama",
    "general.file_type": fileType,
    "general.parameter_count": parameterCount,
    "general.quantization_version": 2,
    "llama.attention.head_count": shape.heads,
    "llama.attention.head_count_kv": shape.kvHeads,
    "llama.attention.key_length": shape.embedding / shape.heads,
    "llama.attention.value_length": shape.embedding / shape.heads,
    "llama.attention.layer_norm_rms_epsilon": 0.00001,
    "llama.block_count": shape.blocks,
    "llama.context_length": shape.trainedContext,
    "llama.embedding_length": shape.embedding,
    "llama.feed_forward_length": shape.feedForward,
    "llama.rope.dimension_count": shape.embedding / shape.heads,
    "llama.vocab_size": shape.vocabulary,
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.model": "llama",
    // Array-valued keys are null unless `verbose` is asked for.
    "tokenizer.ggml.scores": null,
    "tokenizer.ggml.token_type": null,
    "tokenizer.ggml.tokens": null,
  };
}
