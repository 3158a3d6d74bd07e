// Findings of a doctor: probes that hang or fail, exit codes, and the text for a terminal.
import { describe, expect, it } from "vitest";
import { askProbes, exitCodeOf, findingsText, fine, trouble } from "./findings.ts";

describe("a doctor's findings", () => {
  it("call a probe that hangs or fails unknown and keep what the others saw, in order", async () => {
    const found = await askProbes(
      [
        { subject: "hangs", look: () => new Promise(() => undefined) },
        { subject: "fails", look: () => Promise.reject(new Error("the disk is on fire")) },
        { subject: "answers", look: async () => [fine("answers", "yes")] },
      ],
      20,
    );
    expect(found.map(({ subject, state, seen }) => [subject, state, seen])).toEqual([
      ["hangs", "unknown", "no answer within 0.02 s"],
      ["fails", "unknown", "the disk is on fire"],
      ["answers", "ok", "yes"],
    ]);
  });

  it("end with 1 only when something is missing", () => {
    const warned = [
      fine("a", "x"),
      trouble("b", "warning", ["y", "Do."]),
      trouble("c", "unknown", ["z", "Do."]),
    ];
    expect(exitCodeOf(warned)).toBe(0);
    expect(exitCodeOf([...warned, trouble("d", "missing", ["none", "Get one."])])).toBe(1);
  });

  it("fit 80 columns, and what others wrote can't move the cursor", () => {
    const long = "many words in a row ".repeat(12);
    const text = findingsText([trouble("ollama", "warning", [`\u001b[2J evil\n${long}`, `Do ${long}`])]);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).not.toContain("\u001b");
    expect(text).toContain("0 ok, 1 warning, 0 missing, 0 unknown");
  });
});
