import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter, LineTooLong } from "./line-splitter.ts";

const cut = (bytes: Uint8Array, at: readonly number[]): Uint8Array[] => {
  const edges = [0, ...[...at].map((one) => one % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
};

describe("the line splitter", () => {
  it("gives the same lines however the bytes were cut, in the middle of a character too", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", " "))),
        fc.array(fc.nat()),
        (lines, cuts) => {
          const splitter = new LineSplitter();
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
          expect(cut(bytes, cuts).flatMap((piece) => splitter.push(piece))).toEqual(lines);
          expect(splitter.finish()).toBeNull();
        },
      ),
    );
  });

  it("gives what follows the last line feed at the end", () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from("a\nb"))).toEqual(["a"]);
    expect(splitter.finish()).toBe("b");
  });

  it("refuses a line beyond its limit without waiting for its end", () => {
    const splitter = new LineSplitter(10);
    expect(splitter.push(Buffer.from("0123456789\n"))).toEqual(["0123456789"]);
    expect(() => splitter.push(Buffer.from("0123456789a"))).toThrow(LineTooLong);
  });
});
