import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { f32, type MetadataValue } from "../gguf/format.ts";
import { writeGguf } from "../gguf/write.ts";
import { type BlobDigest, BlobStore, BlobTooLarge, DigestMismatch, parseDigest } from "./blob-store.ts";
import { detailsOf, modelInfoOf } from "./describe.ts";
import { type ModelName, parseModelName } from "./model-name.ts";
import { ModelStore } from "./model-store.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "ozone-models-"));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

function name(text: string): ModelName {
  const parsed = parseModelName(text);
  if (parsed === undefined) throw new Error(`${text} is not a name`);
  return parsed;
}

function smallModel(label: string): Buffer {
  const metadata = new Map<string, MetadataValue>([
    ["general.architecture", { type: "string", value: "llama" }],
    ["general.name", { type: "string", value: label }],
    ["general.file_type", { type: "uint32", value: 7 }],
    ["tokenizer.ggml.tokens", { type: "strings", value: ["a", "b"] }],
  ]);
  const tensors = [{ name: "t", shape: [4, 2], type: f32, bytes: () => new Uint8Array(32) }];
  return Buffer.concat([...writeGguf({ metadata, tensors })]);
}

function digestOf(bytes: Uint8Array): BlobDigest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}` as BlobDigest;
}

async function* inParts(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

describe("model names", () => {
  it.each([
    ["llama", "llama:latest"],
    ["ozone-synthetic:4m", "ozone-synthetic:4m"],
    ["me/llama:8b", "me/llama:8b"],
    ["registry.ollama.ai/library/llama:8b", "llama:8b"],
    ["localhost:5000/me/llama", "localhost:5000/me/llama:latest"],
  ])("%s is %s", (written, shortest) => {
    expect(parseModelName(written)).toBe(shortest);
  });

  it.each(["", ":tag", "a b", "../up", "a/b/c/d", "x:", "-x", "a//b"])("%j is none", (written) => {
    expect(parseModelName(written)).toBeUndefined();
  });
});

describe("the blob store", () => {
  it("keeps an upload whose digest is right", async () => {
    const store = new BlobStore(dataDir);
    const bytes = smallModel("x");
    await store.receive(inParts(bytes), { digest: digestOf(bytes), bytesMax: 1000 });
    expect(store.has(digestOf(bytes))).toBe(true);
    expect(await store.isIntact(digestOf(bytes))).toBe(true);
  });

  it("keeps nothing of an upload with another digest, of one that is too long, or of one that breaks off", async () => {
    const store = new BlobStore(dataDir);
    const digest = digestOf(smallModel("expected"));
    const options = { digest, bytesMax: 1000 };
    await expect(store.receive(inParts(smallModel("other")), options)).rejects.toThrow(DigestMismatch);
    await expect(store.receive(inParts(smallModel("x")), { digest, bytesMax: 9 })).rejects.toThrow(
      BlobTooLarge,
    );
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield smallModel("x");
      throw new Error("connection lost");
    }
    await expect(store.receive(broken(), options)).rejects.toThrow("connection lost");
    expect(readdirSync(join(dataDir, "blobs"))).toEqual([]);
  });

  it("notices a damaged file", async () => {
    const store = new BlobStore(dataDir);
    const digest = store.write([smallModel("x")]);
    truncateSync(store.pathOf(digest), 50);
    expect(await store.isIntact(digest)).toBe(false);
  });

  it("accepts digests with a colon or a dash, in any case, and nothing else", () => {
    const hex = "ab".repeat(32);
    expect(parseDigest(`sha256:${hex.toUpperCase()}`)).toBe(`sha256:${hex}`);
    expect(parseDigest(`sha256-${hex}`)).toBe(`sha256:${hex}`);
    for (const text of ["", hex, `sha256:${hex}0`, "sha256:../../etc", `md5:${hex}`]) {
      expect(parseDigest(text)).toBeUndefined();
    }
  });
});

describe("the model store", () => {
  it("gives copies the same digest and changed parameters another", () => {
    const store = new ModelStore(dataDir);
    const blob = store.blobs.write([smallModel("x")]);
    store.save(name("a"), { blob, parameters: {}, system: "" });
    store.save(name("b"), { blob, parameters: {}, system: "" });
    store.save(name("c"), { blob, parameters: { num_ctx: 512 }, system: "" });
    const [a, b, c] = ["a", "b", "c"].map((text) => store.find(name(text))?.digest);
    expect(a).toBe(b);
    expect(c).not.toBe(a);
  });

  it("finds names in any case of letters", () => {
    const store = new ModelStore(dataDir);
    store.save(name("Llama"), { blob: store.blobs.write([smallModel("x")]), parameters: {}, system: "" });
    expect(store.find(name("llama:LATEST"))?.name).toBe("Llama:latest");
  });

  it("removes a file with its last name only", () => {
    const store = new ModelStore(dataDir);
    const blob = store.blobs.write([smallModel("x")]);
    for (const text of ["a", "b"]) store.save(name(text), { blob, parameters: {}, system: "" });
    expect(store.remove(name("a"))).toBe(true);
    expect(store.blobs.has(blob)).toBe(true);
    expect(store.remove(name("b"))).toBe(true);
    expect(store.blobs.has(blob)).toBe(false);
    expect(store.remove(name("b"))).toBe(false);
  });

  it("takes damaged manifests and missing files for absent models", () => {
    const store = new ModelStore(dataDir);
    const blob = store.blobs.write([smallModel("x")]);
    store.save(name("a"), { blob, parameters: {}, system: "" });
    writeFileSync(join(dataDir, "manifests", "b%3Alatest.json"), "{");
    store.save(name("c"), { blob: digestOf(Buffer.from("nothing")), parameters: {}, system: "" });
    expect(store.list().map((model) => model.name)).toEqual(["a:latest"]);
  });

  it("tells about a file what Ollama tells", () => {
    const store = new ModelStore(dataDir);
    store.save(name("a"), { blob: store.blobs.write([smallModel("x")]), parameters: {}, system: "" });
    const header = store.find(name("a"))?.header;
    if (header === undefined) throw new Error("the model is missing");
    expect(detailsOf(header)).toMatchObject({
      family: "llama",
      parameter_size: "8",
      quantization_level: "Q8_0",
    });
    expect(modelInfoOf(header)).toEqual({
      "general.parameter_count": 8,
      "general.architecture": "llama",
      "general.file_type": 7,
      "tokenizer.ggml.tokens": null,
    });
  });
});
