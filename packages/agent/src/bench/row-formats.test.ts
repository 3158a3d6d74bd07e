import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BenchRow, COLUMNS } from "./bench-rows.ts";
import { ROW_FORMATS } from "./row-formats.ts";

const rowWith = (change: Partial<BenchRow>): BenchRow => ({
  ...(Object.fromEntries(Object.keys(COLUMNS).map((name) => [name, null])) as BenchRow),
  kind: "filled",
  model: "m",
  num_ctx: 2048,
  decode_tps: 123.456789012,
  decode_tps_ci_low: 120,
  decode_tps_ci_high: 130,
  decode_n: 6,
  verdict: "valid",
  ...change,
});

const HOSTILE = [
  "'); DROP TABLE ozone_bench; --",
  "\\'; DROP TABLE ozone_bench; --",
  '=HYPERLINK("http://x","y")',
  "a,b\r\nc",
  "a | b | c\n| d |",
  "<script>alert(1)</script>",
  "\u001b[2J\u202Etxt.exe\u0000\u{E0001}",
];

/** Reads RFC 4180 back. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const next = text[at] ?? "";
    if (quoted && next === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (next === '"') quoted = !quoted;
    else if (!quoted && (next === "," || text.startsWith("\r\n", at))) {
      rows.at(-1)?.push(cell);
      cell = "";
      if (next === "\r") {
        rows.push([]);
        at += 1;
      }
    } else cell += next;
  }
  return rows.slice(0, -1);
}

/** What is left of SQL without its quoted texts. */
const outsideTexts = (statement: string): string => statement.replace(/'(?:[^']|'')*'/g, "?");

const names = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 40 }));

describe("the rows of a bench", () => {
  it("keep every column, unknown ones empty, and the number of samples beside each figure", () => {
    const [header, line] = readCsv(ROW_FORMATS.csv([rowWith({})]));
    expect(header).toEqual(Object.keys(COLUMNS));
    expect(line?.[header?.indexOf("decode_tps") ?? -1]).toBe("123.4568");
    expect(line?.[header?.indexOf("ttft_ms") ?? -1]).toBe("");
    expect(ROW_FORMATS.md([rowWith({})])).toContain("123.5 (120.0 to 130.0, n = 6)");
    expect(JSON.parse(ROW_FORMATS.jsonl([rowWith({})]))).toEqual(rowWith({}));
    expect(ROW_FORMATS.sql([rowWith({})])).toMatch(
      /^CREATE TABLE IF NOT EXISTS ozone_bench \(\n {2}kind text,/,
    );
  });

  it("stay in their cells whatever a model is called", () => {
    fc.assert(
      fc.property(names, (model) => {
        const rows = [rowWith({ model }), rowWith({ engine_version: model })];
        const csv = readCsv(ROW_FORMATS.csv(rows));
        expect(csv.map((cells) => cells.length)).toEqual(Array(3).fill(Object.keys(COLUMNS).length));
        expect(csv.flat().filter((cell) => /^\s*[=+\-@]/.test(cell))).toEqual([]);
        const markdown = ROW_FORMATS.md(rows).trimEnd().split("\n");
        expect(markdown).toHaveLength(4);
        const bars = markdown.map((line) => line.replace(/\\./g, "").split("|").length);
        expect(new Set(bars).size).toBe(1);
        const inserts = outsideTexts(ROW_FORMATS.sql(rows)).split(";\n").slice(1, -1);
        expect(inserts).toHaveLength(2);
        for (const insert of inserts)
          expect(insert).toMatch(/^INSERT INTO ozone_bench \([a-z_, ]+\) VALUES \([?A-Z0-9., ]+\)$/);
        expect(JSON.parse(ROW_FORMATS.jsonl(rows).split("\n")[0] ?? "")).toMatchObject({ model });
        for (const text of Object.values(ROW_FORMATS).map((format) => format(rows))) {
          expect(text.replace(/\r?\n/g, "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("leave SQL no backslash, which some databases would read as an escape", () => {
    expect(ROW_FORMATS.sql([rowWith({ model: HOSTILE[1] ?? "" })])).not.toContain("\\");
  });
});
