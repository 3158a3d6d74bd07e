// Writes a GGUF file: header, metadata, tensor directory, then the tensors one after the other.
// Pure: it yields byte chunks in file order and touches no disk.
import {
  ggufAlignment,
  ggufMagic,
  ggufVersion,
  type MetadataValue,
  tensorTypes,
  valueTypeCode,
} from "./format.ts";

/** A tensor to write. `shape` is in GGUF order: the contiguous dimension first. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** Code of the tensor type; see format.ts. */
  readonly type: number;
  /** Makes the tensor's bytes; called once, when its turn comes, so that only one tensor is in memory. */
  readonly bytes: () => Uint8Array;
}

/** Everything that goes into one file. */
export interface GgufContent {
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: readonly TensorToWrite[];
}

/** Bytes that a tensor of this shape and type takes. Throws for a type that format.ts does not list. */
export function tensorByteLength(shape: readonly number[], type: number): number {
  const layout = tensorTypes.get(type);
  if (layout === undefined) throw new Error(`GGUF tensor type ${type} is unknown to this engine.`);
  const elements = shape.reduce((product, length) => product * length, 1);
  return (elements / layout.blockLength) * layout.blockBytes;
}

/** Yields the file from its first byte to its last. Throws if a tensor's bytes do not fit its shape and type. */
export function* writeGguf(content: GgufContent): Generator<Uint8Array> {
  const header = headerBytes(content);
  yield header;
  yield padding(header.length);
  for (const tensor of content.tensors) {
    const bytes = tensor.bytes();
    const expected = tensorByteLength(tensor.shape, tensor.type);
    if (bytes.length !== expected) {
      throw new Error(
        `Tensor ${tensor.name} has ${bytes.length} bytes; its shape and type need ${expected}.`,
      );
    }
    yield bytes;
    yield padding(bytes.length);
  }
}

function padding(length: number): Uint8Array {
  return new Uint8Array((ggufAlignment - (length % ggufAlignment)) % ggufAlignment);
}

function headerBytes({ metadata, tensors }: GgufContent): Buffer {
  const parts: Buffer[] = [
    Buffer.from(ggufMagic, "latin1"),
    uint32(ggufVersion),
    uint64(tensors.length),
    uint64(metadata.size),
  ];
  for (const [key, value] of metadata) parts.push(string(key), metadataValue(value));
  let offset = 0;
  for (const { name, shape, type } of tensors) {
    parts.push(string(name), uint32(shape.length), ...shape.map(uint64), uint32(type), uint64(offset));
    const length = tensorByteLength(shape, type);
    offset += length + padding(length).length;
  }
  return Buffer.concat(parts);
}

function metadataValue(entry: MetadataValue): Buffer {
  switch (entry.type) {
    case "uint32":
      return Buffer.concat([uint32(valueTypeCode.uint32), uint32(entry.value)]);
    case "float32":
      return Buffer.concat([uint32(valueTypeCode.float32), float32(entry.value)]);
    case "bool":
      return Buffer.concat([uint32(valueTypeCode.bool), Buffer.from([entry.value ? 1 : 0])]);
    case "string":
      return Buffer.concat([uint32(valueTypeCode.string), string(entry.value)]);
    case "strings":
      return array(valueTypeCode.string, entry.value.map(string));
    case "float32s":
      return array(valueTypeCode.float32, entry.value.map(float32));
    case "int32s":
      return array(valueTypeCode.int32, entry.value.map(int32));
  }
}

function array(itemType: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([uint32(valueTypeCode.array), uint32(itemType), uint64(items.length), ...items]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
