// The list of lies is complete data, and a script's lies are told when they should be.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Lie } from "./lie.ts";
import { hooksFor, LIES } from "./lie.ts";

describe("the list", () => {
  it("has at least 28 entries with names of their own and two sentences each", () => {
    expect(LIES.length).toBeGreaterThanOrEqual(28);
    expect(new Set(LIES.map(({ name }) => name)).size).toBe(LIES.length);
    for (const { name, couldBe, shows } of LIES) {
      expect(couldBe, name).toMatch(/^[A-Z].{20,}\.$/);
      expect(shows.length, name).toBeGreaterThan(10);
    }
  });
});

describe("a lie", () => {
  const told = (lie: Lie, sample: number | null | undefined, samplesBegun: number) =>
    hooksFor([lie], { sample, samplesBegun }).length === 1;

  it("about samples is told in samples only, and in metadata after the first of them", () => {
    expect(told("missing_done", null, 0)).toBe(false);
    expect(told("missing_done", 1, 1)).toBe(true);
    expect(told("wrong_digest", undefined, 0)).toBe(false);
    expect(told("wrong_digest", undefined, 1)).toBe(true);
  });

  it("can be told always, or in one sample only", () => {
    expect(told({ name: "missing_done", when: "always" }, null, 0)).toBe(true);
    const third: Lie = { name: "one_bad_sample_among_good", bad: "missing_done", sample: 3 };
    expect([1, 2, 3, 4].map((sample) => told(third, sample, sample))).toEqual([false, false, true, false]);
    expect(told(third, null, 3)).toBe(false);
    expect(told(third, undefined, 3)).toBe(true);
  });

  it("has the strength that the script gives it", () => {
    const [hooks] = hooksFor([{ name: "inflated_eval_count", strength: 3 }], { sample: 1, samplesBegun: 1 });
    expect(hooks?.final?.({ eval_count: 10 })).toEqual({ eval_count: 30 });
  });

  it("that nobody knows is refused with a sentence", () => {
    const unknown = { name: "no_such_lie" } as unknown as Lie;
    expect(() => hooksFor([unknown], { sample: 1, samplesBegun: 1 })).toThrow(
      "knows no lie named no_such_lie",
    );
  });
});

describe("the scripted server", () => {
  it("imports nothing but Node's standard library and its own files", () => {
    const folder = fileURLToPath(new URL("..", import.meta.url));
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const sources = files.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
    expect(sources.length).toBeGreaterThan(20);
    for (const name of sources) {
      const imported = [...readFileSync(`${folder}/${name}`, "utf8").matchAll(/from "([^"]+)"/g)].map(
        (match) => match[1],
      );
      for (const source of imported) expect(source, name).toMatch(/^(node:|\.\/|\.\.\/)/);
      expect(
        imported.some((source) => source?.includes("../../")),
        name,
      ).toBe(false);
    }
  });
});
