import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanText } from "./clean-text.ts";

const ESCAPE = String.fromCharCode(27);

describe("cleanText()", () => {
  it("takes colours, cursor movements, titles and bells out", () => {
    expect(cleanText(`${ESCAPE}[31mred${ESCAPE}[0m`)).toBe("red");
    expect(cleanText(`a${ESCAPE}[2J${ESCAPE}]0;title\u0007b`)).toBe("a b");
    expect(cleanText("a\r\nb\tc\u0000d")).toBe("a b c d");
  });

  it("takes away what hides or turns words around", () => {
    expect(cleanText("admin\u202Etxt.exe\u200B")).toBe("admin txt.exe");
    expect(cleanText("a\u2028b")).toBe("a b");
  });

  it("cuts what is too long and says so", () => {
    expect(cleanText("abcdef", 4)).toBe("abc…");
    expect(cleanText("abcd", 4)).toBe("abcd");
  });

  it("gives one line without control characters of at most the length asked for, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.integer({ min: 1, max: 80 }),
        (text, max) => {
          const clean = cleanText(text, max);
          expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          expect([...clean].length).toBeLessThanOrEqual(max);
          expect(cleanText(clean, max)).toBe(clean);
        },
      ),
    );
  });
});
