// A synthetic model as GGUF content: its metadata, which says that it is synthetic, and its tensors.

import type { MetadataValue } from "../gguf/format.ts";
import type { GgufContent } from "../gguf/write.ts";
import {
  type ModelShape,
  type SyntheticPreset,
  syntheticDescription,
  syntheticFamily,
  trainedContextLength,
} from "./presets.ts";
import { buildVocabulary, type Vocabulary } from "./vocabulary.ts";
import { weightTensors } from "./weights.ts";
import { words } from "./words.ts";

/** `general.file_type` of a file that is mostly Q8_0. */
const fileTypeQ8_0 = 7;

/** The metadata key that marks a generated file, whatever server reads it. */
export const seedKey = "ozone.synthetic.seed";

/** All content of the preset's file. The same preset gives the same bytes. */
export function syntheticContent(preset: SyntheticPreset): GgufContent {
  const vocabulary = buildVocabulary(words);
  const metadata = new Map<string, MetadataValue>([
    ["general.architecture", string("llama")],
    ["general.name", string(`${syntheticFamily} ${preset.tag} (${syntheticDescription})`)],
    ["general.basename", string(syntheticFamily)],
    ["general.size_label", string(preset.tag.toUpperCase())],
    ["general.description", string(syntheticDescription)],
    ["general.file_type", uint32(fileTypeQ8_0)],
    ["general.quantization_version", uint32(2)],
    [seedKey, string(preset.seed)],
    ...shapeMetadata(preset.shape, vocabulary.pieces.length),
    ...vocabularyMetadata(vocabulary),
  ]);
  return { metadata, tensors: weightTensors(preset.shape, vocabulary.speakable, preset.seed) };
}

function shapeMetadata(shape: ModelShape, vocabularySize: number): [string, MetadataValue][] {
  return [
    ["llama.context_length", uint32(trainedContextLength)],
    ["llama.embedding_length", uint32(shape.embeddingLength)],
    ["llama.block_count", uint32(shape.layers)],
    ["llama.feed_forward_length", uint32(shape.feedForwardLength)],
    ["llama.attention.head_count", uint32(shape.heads)],
    ["llama.attention.head_count_kv", uint32(shape.keyValueHeads)],
    ["llama.attention.layer_norm_rms_epsilon", float32(1e-5)],
    ["llama.rope.dimension_count", uint32(shape.embeddingLength / shape.heads)],
    ["llama.rope.freq_base", float32(500_000)],
    ["llama.vocab_size", uint32(vocabularySize)],
  ];
}

function vocabularyMetadata(vocabulary: Vocabulary): [string, MetadataValue][] {
  return [
    ["tokenizer.ggml.model", string("llama")],
    ["tokenizer.ggml.pre", string("default")],
    ["tokenizer.ggml.tokens", { type: "strings", value: vocabulary.pieces }],
    ["tokenizer.ggml.scores", { type: "float32s", value: vocabulary.scores }],
    ["tokenizer.ggml.token_type", { type: "int32s", value: vocabulary.classes }],
    ["tokenizer.ggml.unknown_token_id", uint32(vocabulary.unknownToken)],
    ["tokenizer.ggml.bos_token_id", uint32(vocabulary.beginToken)],
    ["tokenizer.ggml.eos_token_id", uint32(vocabulary.endToken)],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: true }],
    ["tokenizer.ggml.add_eos_token", { type: "bool", value: false }],
    ["tokenizer.ggml.add_space_prefix", { type: "bool", value: true }],
  ];
}

function string(value: string): MetadataValue {
  return { type: "string", value };
}

function uint32(value: number): MetadataValue {
  return { type: "uint32", value };
}

function float32(value: number): MetadataValue {
  return { type: "float32", value };
}
