import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OzoneError } from "./errors.ts";
import { matchesQuery, parseMachineQuery, type QueriedMachine } from "./machine-query.ts";

const desk: QueriedMachine = {
  name: "desk-1",
  class: "c1",
  os: "linux",
  arch: "x64",
  gpu: 1,
  ram: 32e9,
  cores: 8,
  tags: ["desk"],
};
const unknown: QueriedMachine = {
  ...desk,
  class: null,
  os: null,
  arch: null,
  gpu: null,
  ram: null,
  cores: null,
};
const matches = (text: string, machine = desk) => matchesQuery(parseMachineQuery(text), machine);

describe("a query of machines", () => {
  it.each([
    ["gpu>=1 and ram>=32GB and not tag:desk", false],
    ["gpu>=1 and ram>=32GB and tag:desk", true],
    ["ram>=32GiB", false],
    ["gpu=0 or cores>4 and os=linux", true],
    ["(gpu=0 or cores>4) and os=windows", false],
    ["not not name=desk-1", true],
    ["class!=c2", true],
  ])("%s is %s of a desk with one GPU and 32 GB", (text, expected) => {
    expect(matches(text)).toBe(expected);
  });

  it.each(["gpu>=1", "not gpu>=1", "gpu!=1", "ram<1GB", "not (os=linux or cores=1)"])(
    "%s does not match where the fact is unknown",
    (text) => expect(matches(text, unknown)).toBe(false),
  );

  it("decides by what is known where that is enough", () => {
    expect(matches("gpu>=1 or tag:desk", unknown)).toBe(true);
    expect(matches("not (gpu>=1 and tag:lab)", unknown)).toBe(true);
  });

  it.each([
    ["", /ends where a condition/],
    ["gpu>=1 and", /ends where a condition/],
    ["(gpu>=1", /"\(" without its "\)"/],
    ["gpu>=1 ram>=1GB", /has "ram>=1GB" where "and" or "or"/],
    ["colour=red", /"colour=red", which is no condition/],
    ["ram>=32", /a size such as 32GB/],
    ["gpu>=1GB", /write a number/],
    ["tag:Desk", /the tag "Desk"/],
    ["(".repeat(30), /more than 20 parentheses/],
    ["x".repeat(501), /longer than 500/],
  ])("refuses %j in one sentence", (text, sentence) => {
    expect(() => parseMachineQuery(text)).toThrow(sentence);
  });

  it("answers or refuses any text, and no machine matches a query and its negation", () => {
    const word = fc.constantFrom(
      "gpu>=1",
      "ram<1GB",
      "tag:desk",
      "os=linux",
      "and",
      "or",
      "not",
      "(",
      ")",
      "?",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), fc.constantFrom(desk, unknown), (words, machine) => {
        const text = words.join(" ");
        try {
          parseMachineQuery(text);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(OzoneError);
          return;
        }
        expect(matches(text, machine) && matches(`not (${text})`, machine)).toBe(false);
      }),
    );
  });
});
