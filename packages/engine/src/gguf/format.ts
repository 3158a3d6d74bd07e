// The numbers of the GGUF file format, version 3, as far as this engine writes and reads them.
// Source: the GGUF specification of the ggml project (docs/gguf.md).

/** The first four bytes of every GGUF file, read as text. */
export const ggufMagic = "GGUF";

/** The version this engine writes. It reads 2 and 3, which share their layout. */
export const ggufVersion = 3;

/** Tensor data starts, and each tensor starts, at a multiple of this many bytes. */
export const ggufAlignment = 32;

/** Codes of the types that a metadata value may have. */
export const valueTypeCode = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;

/** One metadata value, with the type under which it stands in the file. */
export type MetadataValue =
  | { readonly type: "uint32" | "float32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "float32s" | "int32s"; readonly value: readonly number[] };

/** The tensor types that are told apart here: code, name, and bytes per block of `blockLength` elements. */
export interface TensorType {
  readonly code: number;
  readonly name: string;
  readonly blockLength: number;
  readonly blockBytes: number;
}

/** All tensor types of the specification that are still in use, by code. */
export const tensorTypes: ReadonlyMap<number, TensorType> = new Map(
  (
    [
      [0, "F32", 1, 4],
      [1, "F16", 1, 2],
      [2, "Q4_0", 32, 18],
      [3, "Q4_1", 32, 20],
      [6, "Q5_0", 32, 22],
      [7, "Q5_1", 32, 24],
      [8, "Q8_0", 32, 34],
      [10, "Q2_K", 256, 84],
      [11, "Q3_K", 256, 110],
      [12, "Q4_K", 256, 144],
      [13, "Q5_K", 256, 176],
      [14, "Q6_K", 256, 210],
      [30, "BF16", 1, 2],
      [39, "MXFP4", 32, 17],
    ] as const
  ).map(([code, name, blockLength, blockBytes]) => [code, { code, name, blockLength, blockBytes }]),
);

/** Names of `general.file_type` (llama.cpp's llama_ftype), for the quantisation level that the API shows. */
export const fileTypeNames: ReadonlyMap<number, string> = new Map([
  [0, "F32"],
  [1, "F16"],
  [2, "Q4_0"],
  [3, "Q4_1"],
  [7, "Q8_0"],
  [8, "Q5_0"],
  [9, "Q5_1"],
  [10, "Q2_K"],
  [11, "Q3_K_S"],
  [12, "Q3_K_M"],
  [13, "Q3_K_L"],
  [14, "Q4_K_S"],
  [15, "Q4_K_M"],
  [16, "Q5_K_S"],
  [17, "Q5_K_M"],
  [18, "Q6_K"],
  [32, "BF16"],
]);

/** Code of plain 32-bit floats. */
export const f32 = 0;

/** Code of blocks of 32 signed bytes with one 16-bit scale. */
export const q8_0 = 8;
