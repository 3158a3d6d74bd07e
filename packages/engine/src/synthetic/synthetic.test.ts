import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { writeGguf } from "../gguf/write.ts";
import { seedKey, syntheticContent } from "./content.ts";
import { presets, type SyntheticPreset, syntheticDescription } from "./presets.ts";
import { randomStream } from "./random.ts";
import { buildVocabulary, tokenClass } from "./vocabulary.ts";
import { halfFloatBits } from "./weights.ts";
import { words } from "./words.ts";

function preset(tag: string): SyntheticPreset {
  const found = presets.get(tag);
  if (found === undefined) throw new Error(`no preset ${tag}`);
  return found;
}

function sha256Of(wanted: SyntheticPreset): string {
  const hash = createHash("sha256");
  for (const chunk of writeGguf(syntheticContent(wanted))) hash.update(chunk);
  return hash.digest("hex");
}

describe("the synthetic model files", () => {
  // These digests may change only together with the seed in presets.ts: machines compare results by model digest.
  it("are byte for byte what every other machine generates from the same seed", () => {
    expect(sha256Of(preset("4m"))).toBe("044b233603b70c6852caba408717133c6f80bc1a953ac5145b266e1931207729");
    expect(sha256Of(preset("30m"))).toBe("54c74cd7dc8dbc7af88dab992dadbafe3b91071d24b5c17e7eb23c3c07ebdf14");
  });

  it("differ when the seed differs", () => {
    const other = { ...preset("4m"), seed: "another" };
    expect(sha256Of(other)).not.toBe(sha256Of(preset("4m")));
  });

  it("say in their metadata that they are synthetic", () => {
    const { metadata } = syntheticContent(preset("4m"));
    expect(metadata.get("general.name")?.value).toContain(syntheticDescription);
    expect(metadata.get("general.description")?.value).toBe(
      "synthetic weights from a seed; the text is noise",
    );
    expect(metadata.get(seedKey)?.value).toBe("ozone-1");
  });
});

describe("the synthetic vocabulary", () => {
  const vocabulary = buildVocabulary(words);

  it("has at least 400 distinct lower-case words", () => {
    expect(words.length).toBeGreaterThanOrEqual(400);
    expect(new Set(words).size).toBe(words.length);
    expect(words.filter((word) => !/^[a-z]+$/.test(word))).toEqual([]);
  });

  it("holds every left-hand piece of every word, so that merging from the left always reaches the word", () => {
    const pieces = new Set(vocabulary.pieces);
    const missing = words.flatMap((word) =>
      Array.from(word, (_, index) => `▁${word.slice(0, index + 1)}`).filter((piece) => !pieces.has(piece)),
    );
    expect(missing).toEqual([]);
  });

  it("has no piece of more than one character that does not begin a word, so that no other merge competes", () => {
    const inner = vocabulary.pieces.filter(
      (piece, token) =>
        vocabulary.classes[token] === tokenClass.normal && [...piece].length > 1 && !piece.startsWith("▁"),
    );
    expect(inner).toEqual([]);
  });

  it("lets only whole words be generated", () => {
    const speakable = vocabulary.pieces.filter((_, token) => vocabulary.speakable[token]);
    expect(new Set(speakable)).toEqual(new Set(words.map((word) => `▁${word}`)));
    expect(vocabulary.speakable[vocabulary.endToken]).toBe(false);
  });

  it("has each piece once, and all 256 bytes", () => {
    expect(new Set(vocabulary.pieces).size).toBe(vocabulary.pieces.length);
    expect(vocabulary.classes.filter((type) => type === tokenClass.byte)).toHaveLength(256);
  });
});

describe("the seeded numbers", () => {
  it("repeat for the same seed and spread evenly over the bits", () => {
    const [left, right] = [randomStream("x"), randomStream("x")];
    const drawn = Array.from({ length: 10_000 }, () => left.uint32());
    expect(drawn).toEqual(Array.from({ length: 10_000 }, () => right.uint32()));
    for (let bit = 0; bit < 32; bit += 1) {
      const ones = drawn.filter((value) => (value >>> bit) & 1).length;
      expect(Math.abs(ones - 5000)).toBeLessThan(250);
    }
  });

  it("turn scales into 16-bit floats as IEEE 754 has them", () => {
    expect(halfFloatBits(1)).toBe(0x3c00);
    expect(halfFloatBits(0.5)).toBe(0x3800);
    expect(halfFloatBits(1.5)).toBe(0x3e00);
    expect(halfFloatBits(2 ** -14)).toBe(0x0400);
    expect(() => halfFloatBits(2 ** -15)).toThrow("does not fit");
  });
});
