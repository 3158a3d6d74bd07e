import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MATRIX_KEYS, SWEEP_KEYS } from "@ozone/shared/sweep-file";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSweepRequest } from "./read-request.ts";
import { documentFromFlags, SWEEP_FLAGS } from "./sweep-flags.ts";
import { readYaml, YamlTrouble } from "./yaml-text.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ozone-yaml-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(text: string): string {
  const path = join(folder, "s.yaml");
  writeFileSync(path, text);
  return path;
}

describe("readSweepRequest()", () => {
  it("lays flags over the file, key by key", async () => {
    const file = fileWith("budget: 10m\nmatrix: {num_ctx: 4096, num_batch: [8, 16]}\n");
    const request = await readSweepRequest({ file, flags: { "num-ctx": ["8192"], fill: "0.5" } });
    expect(request).toMatchObject({
      strategy: "grid",
      budgetMs: 600_000,
      protocol: { fill: 0.5 },
      matrix: { numCtx: [8192], numBatch: [8, 16] },
    });
  });

  it("passes on what is to be measured besides", async () => {
    const flags = { precision: true, depths: ["0.1", "0.5"], "warm-prefix": true, sustained: "60s" };
    const { protocol } = await readSweepRequest({ file: undefined, flags });
    expect(protocol).toMatchObject({ depths: [0.1, 0.5], warmPrefix: true, sustainedMs: 60_000 });
    expect(protocol?.precision).toMatchObject({ decode: 0.02 });
    await expect(readSweepRequest({ file: undefined, flags: { depths: ["7"] } })).rejects.toThrow(
      /^--depths must be/,
    );
  });

  it("shares fills where a flag says so, over what the named sweep says", async () => {
    const shares = async (file: string | undefined, flags: object) =>
      (await readSweepRequest({ file, flags })).protocol?.shareFill;
    expect(await shares(undefined, { "num-predict": ["64", "128"] })).toBe(false);
    expect(await shares(undefined, { "num-predict": ["64", "128"], "share-fill": "on" })).toBe(true);
    expect(await shares("seed-144", {})).toBe(true);
    expect(await shares("seed-144", { "share-fill": "off" })).toBe(false);
  });

  it("takes classes and a query of machines from the file and from flags, and says where a query is wrong", async () => {
    const file = fileWith("classes: cpu-a\nwhere: gpu>=1 and not tag:desk\n");
    const sent = { classes: ["cpu-a"], where: "gpu>=1 and not tag:desk" };
    expect(await readSweepRequest({ file, flags: {} })).toMatchObject(sent);
    expect(await readSweepRequest({ file, flags: { where: "ram>=8GB", class: ["b", "c"] } })).toMatchObject({
      classes: ["b", "c"],
      where: "ram>=8GB",
    });
    await expect(readSweepRequest({ file: undefined, flags: { where: "gpu>1x" } })).rejects.toThrow(
      /^--where compares gpu with "1x"; write a number\.$/,
    );
    const wrong = fileWith("name: night\nwhere: gpu>=1 ram>=8GB\n");
    await expect(readSweepRequest({ file: wrong, flags: {} })).rejects.toThrow(
      /s\.yaml:2:8: where has "ram>=8GB" where "and" or "or" was expected\.$/,
    );
    await expect(readSweepRequest({ file: fileWith("class: cpu-a\n"), flags: {} })).rejects.toThrow(
      /"class" is not a key; use classes/,
    );
  });

  it("names the flag, not the file, when the flag is wrong", async () => {
    const file = fileWith("matrix: {num_ctx: 4096}\n");
    await expect(readSweepRequest({ file, flags: { "num-ctx": ["4096", "1"] } })).rejects.toThrow(
      /^--num-ctx must be .*, not 1\.$/,
    );
    await expect(readSweepRequest({ file: undefined, flags: { budget: "240" } })).rejects.toThrow(
      /^--budget must be a duration/,
    );
  });

  it("takes a named sweep by its bare name, flags over it, and a file of that name by its path", async () => {
    const named = await readSweepRequest({ file: "seed-144", flags: { "num-batch": ["512"] } });
    expect(named).toMatchObject({
      name: "seed-144",
      leaveOutMisfits: true,
      matrix: { numBatch: [512], kvCacheType: ["f16", "q8_0"] },
    });
    const path = join(folder, "quick");
    writeFileSync(path, "name: mine\n");
    expect(await readSweepRequest({ file: path, flags: {} })).toMatchObject({ name: "mine" });
  });

  it("names the named sweep that a flag contradicts, and all names when there is neither file nor sweep", async () => {
    await expect(readSweepRequest({ file: "seed-144", flags: { "num-ctx": ["256"] } })).rejects.toThrow(
      /^seed-144: matrix\.num_predict is impossible/,
    );
    await expect(readSweepRequest({ file: "standart", flags: {} })).rejects.toThrow(
      /^Cannot read standart: .* \(quick, standard, thorough, seed-144\); give/,
    );
  });

  it("counts further mistakes and points at the first", async () => {
    const file = fileWith("strategi: grid\nfill: 2\n");
    const message = await readSweepRequest({ file, flags: {} }).catch((thrown: unknown) => String(thrown));
    expect(message).toMatch(
      /s\.yaml:2:7: fill must be .* to 1, not 2 \(and 1 more\)\.$|s\.yaml:1:1: "strategi" .* \(and 1 more\)\.$/,
    );
  });

  it("refuses a list, a text and a folder in place of a sweep", async () => {
    await expect(readSweepRequest({ file: fileWith("- a\n"), flags: {} })).rejects.toThrow(
      /s\.yaml:1:1: the file must be a list of keys/,
    );
    await expect(readSweepRequest({ file: folder, flags: {} })).rejects.toThrow(/it is a folder/);
  });
});

describe("readYaml()", () => {
  it("finds keys and values in block and flow style, and single values that stand for lists", () => {
    const yaml = readYaml("a: 1\nmatrix:\n  num_ctx: [1,\n    22]\n  single: 7\n");
    expect(yaml.locate(["matrix", "num_ctx", 1], "value")).toEqual({ line: 4, column: 5 });
    expect(yaml.locate(["matrix", "single", 0], "value")).toEqual({ line: 5, column: 11 });
    expect(yaml.locate(["matrix", "single"], "key")).toEqual({ line: 5, column: 3 });
    expect(yaml.locate(["matrix", "missing"], "value")).toEqual({ line: 3, column: 3 });
  });

  it("refuses broken documents, several documents and alias bombs with a position", () => {
    const bomb = `a: &a [x]\n${"bcdefghij"
      .split("")
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[i]}`).join(",")}]`)
      .join("\n")}\n`;
    for (const text of ["a: [", "a: 1\n---\nb: 2\n", "a: 'x", bomb]) {
      expect(() => readYaml(text), text.slice(0, 20)).toThrow(YamlTrouble);
    }
  });
});

describe("the flags of a sweep", () => {
  it("stand for every key of a sweep file, each once", () => {
    const all = Object.fromEntries(Object.keys(SWEEP_FLAGS).map((name) => [name, "1"]));
    const { top, matrix } = documentFromFlags(all);
    expect([...Object.keys(top), "matrix"].sort()).toEqual([...SWEEP_KEYS].sort());
    expect(Object.keys(matrix).sort()).toEqual([...MATRIX_KEYS].sort());
  });
});
