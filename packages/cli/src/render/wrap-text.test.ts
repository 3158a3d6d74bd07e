import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wrapText } from "./wrap-text.ts";

describe("wrapText()", () => {
  it("breaks at spaces and moves later lines in", () => {
    expect(wrapText("aa bb cc dd", { width: 5, indent: "  " })).toBe("aa bb\n  cc dd");
    expect(wrapText("a-very-long-word b", { width: 5 })).toBe("a-very-long-word\nb");
    expect(wrapText("")).toBe("");
  });

  it("loses no word and keeps to the width unless one word is wider", () => {
    const word = fc.string({ unit: fc.constantFrom(..."abc"), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 8, max: 40 }), (words, width) => {
        const lines = wrapText(words.join(" "), { width }).split("\n");
        expect(lines.join(" ")).toBe(words.join(" "));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});
