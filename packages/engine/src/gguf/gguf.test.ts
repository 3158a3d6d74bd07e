import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { f32, type MetadataValue, q8_0 } from "./format.ts";
import { GgufError, type GgufHeader, readGgufHeader } from "./read.ts";
import { type GgufContent, tensorByteLength, writeGguf } from "./write.ts";

const directory = mkdtempSync(join(tmpdir(), "ozone-gguf-"));
afterAll(() => rmSync(directory, { recursive: true }));

function fileBytes(content: GgufContent): Buffer {
  return Buffer.concat([...writeGguf(content)]);
}

function headerOf(bytes: Uint8Array): GgufHeader {
  const path = join(directory, "file.gguf");
  writeFileSync(path, bytes);
  return readGgufHeader(path);
}

const sample: GgufContent = {
  metadata: new Map<string, MetadataValue>([
    ["general.architecture", { type: "string", value: "llama" }],
    ["a.count", { type: "uint32", value: 4_000_000_000 }],
    ["a.fraction", { type: "float32", value: 0.5 }],
    ["a.flag", { type: "bool", value: true }],
    ["a.words", { type: "strings", value: ["▁house", "é", ""] }],
    ["a.scores", { type: "float32s", value: [1, -2] }],
    ["a.kinds", { type: "int32s", value: [1, -3, 6] }],
  ]),
  tensors: [
    { name: "first", shape: [3], type: f32, bytes: () => new Uint8Array(12).fill(1) },
    { name: "second", shape: [32, 2], type: q8_0, bytes: () => new Uint8Array(68).fill(2) },
  ],
};

describe("the GGUF writer and reader", () => {
  it("gives every metadata value and tensor back as it was written", () => {
    const header = headerOf(fileBytes(sample));
    expect(Object.fromEntries(header.metadata)).toEqual({
      "general.architecture": "llama",
      "a.count": 4_000_000_000,
      "a.fraction": 0.5,
      "a.flag": true,
      "a.words": { length: 3 },
      "a.scores": { length: 2 },
      "a.kinds": { length: 3 },
    });
    expect(header.tensors).toEqual([
      { name: "first", shape: [3], type: "F32", byteLength: 12 },
      { name: "second", shape: [32, 2], type: "Q8_0", byteLength: 68 },
    ]);
  });

  it("puts every tensor at a multiple of 32 bytes", () => {
    const bytes = fileBytes(sample);
    const dataBytes = 32 + 96;
    const dataStart = bytes.length - dataBytes;
    expect(dataStart % 32).toBe(0);
    expect([...bytes.subarray(dataStart, dataStart + 13)]).toEqual([...Array(12).fill(1), 0]);
    expect(bytes[dataStart + 32]).toBe(2);
  });

  it("refuses tensor bytes that do not fit the shape", () => {
    const [tensor] = sample.tensors;
    if (tensor === undefined) throw new Error("the sample has no tensor");
    const content = { ...sample, tensors: [{ ...tensor, bytes: () => new Uint8Array(5) }] };
    expect(() => fileBytes(content)).toThrow("Tensor first has 5 bytes; its shape and type need 12.");
  });

  it("knows the size of Q8_0 blocks: 34 bytes for 32 elements", () => {
    expect(tensorByteLength([512, 4], q8_0)).toBe((512 / 32) * 34 * 4);
  });

  it("ends in a GgufError wherever the header is cut off", () => {
    const bytes = fileBytes(sample);
    const headerLength = bytes.length - 128;
    for (let length = 0; length < headerLength - 32; length += 5) {
      expect(() => headerOf(bytes.subarray(0, length))).toThrow(GgufError);
    }
  });

  it("ends quickly in an error or a header for any damaged byte, never in a huge allocation", () => {
    const bytes = fileBytes(sample);
    fc.assert(
      fc.property(fc.nat(bytes.length - 129), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        try {
          headerOf(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(GgufError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
