// The weights of a synthetic model: seeded noise in Q8_0, shaped so that the numbers stay healthy and the text stays
// words. The time that a matrix product takes does not depend on the values, so timings are those of any such model.
//
// Two deliberate structures keep generation going, both plain data in the file (no rule anywhere in the engine):
//  - Channel 0 of every token's embedding is one constant, and no layer writes to channel 0, so the last hidden state
//    always has a positive number there. The output rows of all tokens that are not whole words (end of text, control
//    tokens, bytes, word fragments) carry a large negative weight in that channel: they are never the best choice, so
//    generation ends by its limit and every generated token is one word.
//  - A word's output row contains minus a share of its own embedding, which makes a word an unlikely successor of
//    itself, so greedy text does not collapse into one repeated word.

import { f32, q8_0 } from "../gguf/format.ts";
import type { TensorToWrite } from "../gguf/write.ts";
import type { ModelShape } from "./presets.ts";
import type { RandomStream } from "./random.ts";
import { randomStream } from "./random.ts";

const blockLength = 32;
const blockBytes = 34;
const quantMax = 127;
/** Root mean square of the uniform integers -127..127. */
const quantRms = 73.3;
/** The constant channel's weight for unspeakable tokens, as a multiple of an ordinary output weight's scale. */
const silenceFactor = 256;
/** How much of its own embedding a word's output row carries with a minus, in 1/256. */
const selfAversion = 64;

/** Gains on top of 1/sqrt(inputs): they make attention choose and make context matter to the next word. */
const gains = { query: 1.5, key: 1.5, value: 1, attentionOutput: 2, feedForward: 1 } as const;

/** The tensors of a model of this shape for this vocabulary, in file order. `speakable[t]`: may token t be generated? */
export function weightTensors(
  shape: ModelShape,
  speakable: readonly boolean[],
  seed: string,
): TensorToWrite[] {
  const width = shape.embeddingLength;
  const vocabulary = speakable.length;
  const embeddings = (): Uint8Array => embeddingTable(width, vocabulary, randomStream(`${seed}/token_embd`));
  const tensors: TensorToWrite[] = [
    { name: "token_embd.weight", shape: [width, vocabulary], type: q8_0, bytes: embeddings },
  ];
  for (let layer = 0; layer < shape.layers; layer += 1) tensors.push(...layerTensors(shape, layer, seed));
  tensors.push(ones("output_norm.weight", width), {
    name: "output.weight",
    shape: [width, vocabulary],
    type: q8_0,
    bytes: () =>
      outputTable(width, speakable, { random: randomStream(`${seed}/output`), embeddings: embeddings() }),
  });
  return tensors;
}

function layerTensors(shape: ModelShape, layer: number, seed: string): TensorToWrite[] {
  const { embeddingLength: width, feedForwardLength: inner } = shape;
  const keyWidth = (width / shape.heads) * shape.keyValueHeads;
  const noise = (name: string, [inputs, outputs]: readonly [number, number], gain: number): TensorToWrite => {
    const fullName = `blk.${layer}.${name}.weight`;
    const writesToStream = name === "attn_output" || name === "ffn_down";
    return {
      name: fullName,
      shape: [inputs, outputs],
      type: q8_0,
      bytes: () =>
        matrix(inputs, outputs, {
          scale: gain / Math.sqrt(inputs) / quantRms,
          random: randomStream(`${seed}/${fullName}`),
          silentFirstRow: writesToStream,
        }),
    };
  };
  return [
    ones(`blk.${layer}.attn_norm.weight`, width),
    noise("attn_q", [width, width], gains.query),
    noise("attn_k", [width, keyWidth], gains.key),
    noise("attn_v", [width, keyWidth], gains.value),
    noise("attn_output", [width, width], gains.attentionOutput),
    ones(`blk.${layer}.ffn_norm.weight`, width),
    noise("ffn_gate", [width, inner], gains.feedForward),
    noise("ffn_up", [width, inner], gains.feedForward),
    noise("ffn_down", [inner, width], gains.feedForward),
  ];
}

function ones(name: string, length: number): TensorToWrite {
  const bytes = (): Uint8Array => new Uint8Array(new Float32Array(length).fill(1).buffer);
  return { name, shape: [length], type: f32, bytes };
}

interface MatrixOptions {
  readonly scale: number;
  readonly random: RandomStream;
  /** Zeroes the row that would write to channel 0 of the residual stream. */
  readonly silentFirstRow: boolean;
}

function matrix(inputs: number, outputs: number, options: MatrixOptions): Uint8Array {
  const bytes = noiseBlocks((inputs / blockLength) * outputs, options.scale, options.random);
  if (options.silentFirstRow) silence(bytes, inputs / blockLength);
  return bytes;
}

function embeddingTable(width: number, vocabulary: number, random: RandomStream): Uint8Array {
  const bytes = noiseBlocks((width / blockLength) * vocabulary, 1 / quantRms, random);
  for (let row = 0; row < vocabulary; row += 1) bytes[row * rowBytes(width) + 2] = quantMax;
  return bytes;
}

interface OutputParts {
  readonly random: RandomStream;
  /** The embedding table, for the self-aversion. */
  readonly embeddings: Uint8Array;
}

function outputTable(width: number, speakable: readonly boolean[], parts: OutputParts): Uint8Array {
  const scale = 1 / Math.sqrt(width) / quantRms;
  const bytes = noiseBlocks((width / blockLength) * speakable.length, scale, parts.random);
  const length = rowBytes(width);
  for (const [token, speaks] of speakable.entries()) {
    const row = bytes.subarray(token * length, (token + 1) * length);
    if (speaks) averseToItself(row, parts.embeddings.subarray(token * length, (token + 1) * length));
    else silenceToken(row, scale);
  }
  return bytes;
}

/** Mixes minus the token's embedding into its output row, in integers, and leaves the constant channel at zero. */
function averseToItself(row: Uint8Array, embedding: Uint8Array): void {
  const own = new Int8Array(row.buffer, row.byteOffset, row.length);
  const other = new Int8Array(embedding.buffer, embedding.byteOffset, embedding.length);
  for (let block = 0; block < row.length; block += blockBytes) {
    for (let i = block + 2; i < block + blockBytes; i += 1) {
      const mixed = (256 - selfAversion) * (own[i] ?? 0) - selfAversion * (other[i] ?? 0);
      own[i] = Math.trunc(mixed / 256);
    }
  }
  own[2] = 0;
}

function silenceToken(row: Uint8Array, scale: number): void {
  silence(row, 1);
  writeScale(row, 0, scale * silenceFactor);
  row[2] = 256 - quantMax;
}

function rowBytes(width: number): number {
  return (width / blockLength) * blockBytes;
}

/** Blocks of uniform bytes in -127..127 under one scale. */
function noiseBlocks(blocks: number, scale: number, random: RandomStream): Uint8Array {
  const bytes = new Uint8Array(blocks * blockBytes);
  const view = new DataView(bytes.buffer);
  for (let start = 0; start < bytes.length; start += blockBytes) {
    writeScale(bytes, start, scale);
    for (let i = start + 2; i < start + blockBytes; i += 4) view.setUint32(i, random.uint32(), true);
    // -128 has no positive twin; some kernels assume that it does not occur.
    for (let i = start + 2; i < start + blockBytes; i += 1) if (bytes[i] === 128) bytes[i] = 129;
  }
  return bytes;
}

/** Sets the quants of the first blocks to zero; their scales stay. */
function silence(bytes: Uint8Array, blocks: number): void {
  for (let block = 0; block < blocks; block += 1) {
    bytes.fill(0, block * blockBytes + 2, (block + 1) * blockBytes);
  }
}

function writeScale(bytes: Uint8Array, at: number, scale: number): void {
  const half = halfFloatBits(scale);
  bytes[at] = half & 0xff;
  bytes[at + 1] = half >> 8;
}

/** IEEE 754 half precision of a positive number, cut off below; throws outside the normal range. */
export function halfFloatBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  const exponent = (bits >>> 23) - 127;
  if (exponent < -14 || exponent > 15) throw new Error(`${value} does not fit a normal 16-bit float.`);
  return ((exponent + 15) << 10) | ((bits >>> 13) & 0x3ff);
}
