// Reads the header of a GGUF file: metadata and tensor directory, never the weights. Every length in the file is
// distrusted (uploads come through here), so a damaged or hostile file ends in an error and not in a huge allocation.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { ggufMagic, tensorTypes, valueTypeCode } from "./format.ts";

/** Array values are counted but not kept: vocabularies run to megabytes and nobody here needs them. */
export interface SkippedArray {
  readonly length: number;
}

/** One value of the header as JavaScript sees it; 64-bit integers become numbers. */
export type HeaderValue = string | number | boolean | SkippedArray;

/** A tensor of the directory. `shape` is in GGUF order; `byteLength` is undefined for types unknown to format.ts. */
export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: string;
  readonly byteLength: number | undefined;
}

/** The header of one file. */
export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, HeaderValue>;
  readonly tensors: readonly TensorEntry[];
  readonly fileBytes: number;
}

/** The file is not a GGUF file that this engine can read; the message says why. */
export class GgufError extends Error {
  override name = "GgufError";
}

const stepBytes = 1 << 20;
const headerBytesMax = 256 << 20;
const entriesMax = 1 << 20;

/** Reads the header of the file at `path`. Throws GgufError for anything that is not a readable GGUF file. */
export function readGgufHeader(path: string): GgufHeader {
  const file = openSync(path, "r");
  try {
    return readHeader(new Cursor(file));
  } finally {
    closeSync(file);
  }
}

function readHeader(cursor: Cursor): GgufHeader {
  if (cursor.fileBytes < 24 || cursor.take(4).toString("latin1") !== ggufMagic) {
    throw new GgufError("the file does not start with GGUF");
  }
  const version = cursor.uint32();
  if (version !== 2 && version !== 3) throw new GgufError(`GGUF version ${version} is not 2 or 3`);
  const tensorCount = cursor.count("tensors");
  const metadataCount = cursor.count("metadata entries");
  const metadata = new Map<string, HeaderValue>();
  for (let i = 0; i < metadataCount; i += 1)
    metadata.set(cursor.string(), readValue(cursor, cursor.uint32()));
  const tensors: TensorEntry[] = [];
  for (let i = 0; i < tensorCount; i += 1) tensors.push(readTensor(cursor));
  return { version, metadata, tensors, fileBytes: cursor.fileBytes };
}

function readTensor(cursor: Cursor): TensorEntry {
  const name = cursor.string();
  const dimensions = cursor.uint32();
  if (dimensions > 8) throw new GgufError(`tensor ${JSON.stringify(name)} claims ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => cursor.uint64());
  const code = cursor.uint32();
  cursor.uint64();
  const layout = tensorTypes.get(code);
  const elements = shape.reduce((product, length) => product * length, 1);
  return {
    name,
    shape,
    type: layout?.name ?? `type ${code}`,
    byteLength: layout === undefined ? undefined : (elements / layout.blockLength) * layout.blockBytes,
  };
}

const fixedWidths: ReadonlyMap<number, number> = new Map([
  [valueTypeCode.uint8, 1],
  [valueTypeCode.int8, 1],
  [valueTypeCode.bool, 1],
  [valueTypeCode.uint16, 2],
  [valueTypeCode.int16, 2],
  [valueTypeCode.uint32, 4],
  [valueTypeCode.int32, 4],
  [valueTypeCode.float32, 4],
  [valueTypeCode.uint64, 8],
  [valueTypeCode.int64, 8],
  [valueTypeCode.float64, 8],
]);

function readValue(cursor: Cursor, type: number): HeaderValue {
  if (type === valueTypeCode.array) return skipArray(cursor);
  if (type === valueTypeCode.string) return cursor.string();
  const width = fixedWidths.get(type);
  if (width === undefined) throw new GgufError(`metadata value type ${type} is unknown`);
  return scalar(type, cursor.take(width));
}

function scalar(type: number, bytes: Buffer): number | boolean {
  switch (type) {
    case valueTypeCode.bool:
      return bytes[0] !== 0;
    case valueTypeCode.float32:
      return bytes.readFloatLE();
    case valueTypeCode.float64:
      return bytes.readDoubleLE();
    case valueTypeCode.uint64:
      return Number(bytes.readBigUInt64LE());
    case valueTypeCode.int64:
      return Number(bytes.readBigInt64LE());
    case valueTypeCode.int8:
    case valueTypeCode.int16:
    case valueTypeCode.int32:
      return bytes.readIntLE(0, bytes.length);
    default:
      return bytes.readUIntLE(0, bytes.length);
  }
}

function skipArray(cursor: Cursor): SkippedArray {
  const itemType = cursor.uint32();
  const length = cursor.uint64();
  if (itemType === valueTypeCode.string) {
    for (let i = 0; i < length; i += 1) cursor.string();
    return { length };
  }
  const width = fixedWidths.get(itemType);
  if (width === undefined) throw new GgufError(`metadata array of type ${itemType} is not supported`);
  cursor.passOver(length * width);
  return { length };
}

/** Walks through the file, reading ahead in steps. */
class Cursor {
  readonly fileBytes: number;
  #file: number;
  #buffer = Buffer.alloc(0);
  /** Where the buffer starts in the file. */
  #start = 0;
  #position = 0;

  constructor(file: number) {
    this.#file = file;
    this.fileBytes = fstatSync(file).size;
  }

  take(length: number): Buffer {
    this.#require(length);
    const from = this.#position - this.#start;
    if (from + length > this.#buffer.length) this.#refill(length);
    const offset = this.#position - this.#start;
    this.#position += length;
    return this.#buffer.subarray(offset, offset + length);
  }

  passOver(length: number): void {
    this.#require(length);
    this.#position += length;
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  uint64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  string(): string {
    return this.take(this.uint64()).toString("utf8");
  }

  /** A 64-bit count of things that must each take at least some bytes of the file. */
  count(what: string): number {
    const value = this.uint64();
    if (value > entriesMax) throw new GgufError(`the header claims ${value} ${what}`);
    return value;
  }

  #require(length: number): void {
    const end = this.#position + length;
    if (end > this.fileBytes || end > headerBytesMax) {
      throw new GgufError(`the header ends in the middle at byte ${this.#position}`);
    }
  }

  #refill(length: number): void {
    const wanted = Math.min(Math.max(length, stepBytes), this.fileBytes - this.#position);
    const next = Buffer.alloc(wanted);
    const got = readSync(this.#file, next, 0, wanted, this.#position);
    if (got < length) throw new GgufError(`the file ends in the middle at byte ${this.#position}`);
    this.#buffer = next.subarray(0, got);
    this.#start = this.#position;
  }
}
