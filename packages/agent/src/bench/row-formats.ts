// Rows of a bench as Markdown, JSON lines, CSV and SQL. Every text in them may have been chosen by somebody hostile (a
// model's name, a server's version): none may leave its cell, move a cursor, become a formula or a statement. Pure.
import { type BenchRow, type Cell, COLUMNS, type Column } from "./bench-rows.ts";

const NAMES = Object.keys(COLUMNS) as Column[];

/** Control, invisible, turning and broken characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const printable = (text: string): string => text.replace(UNPRINTABLE, "\uFFFD");

/** Enough digits for any clock here, and no more than a reader can use. */
const rounded = (value: number): string => String(Number(value.toPrecision(7)));

/** Lines of JSON: the one format in which every text is exactly what it was. */
const jsonl = (rows: readonly BenchRow[]): string =>
  rows.map((row) => `${JSON.stringify(row).replace(UNPRINTABLE, escaped)}\n`).join("");

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");

/** RFC 4180; a text that a spreadsheet would calculate is told to be one by an apostrophe. */
const csv = (rows: readonly BenchRow[]): string =>
  [NAMES, ...rows.map((row) => NAMES.map((name) => csvCell(row[name])))]
    .map((cells) => `${cells.join(",")}\r\n`)
    .join("");

function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return rounded(cell);
  const text = printable(cell);
  const harmless = /^\s*[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",']|^\s|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** For SQLite, PostgreSQL and MySQL alike; a backslash, which one of them would read as an escape, is left out. */
function sql(rows: readonly BenchRow[]): string {
  const types = NAMES.map((name) => `  ${name} ${COLUMNS[name]}`).join(",\n");
  const inserts = rows.map((row) => {
    const values = NAMES.map((name) => sqlCell(row[name])).join(", ");
    return `INSERT INTO ozone_bench (${NAMES.join(", ")}) VALUES (${values});\n`;
  });
  return `CREATE TABLE IF NOT EXISTS ozone_bench (\n${types}\n);\n${inserts.join("")}`;
}

function sqlCell(cell: Cell): string {
  if (cell === null) return "NULL";
  if (typeof cell === "number") return rounded(cell);
  return `'${printable(cell).replaceAll("\\", "\uFFFD").replaceAll("'", "''")}'`;
}

/** What a person compares; the other formats have all columns. */
const MARKDOWN_COLUMNS: readonly (readonly [string, (row: BenchRow) => string])[] = [
  ["model", (row) => markdownText(row.model)],
  ["engine", (row) => markdownText(`${row.engine} ${row.engine_version}`)],
  ["provenance", (row) => markdownText(row.provenance)],
  ["kind", (row) => markdownText(row.kind)],
  ["num_ctx", (row) => markdownText(row.num_ctx)],
  ["depth", (row) => markdownText(row.depth_tokens)],
  ["num_batch", (row) => markdownText(row.num_batch)],
  ["num_thread", (row) => markdownText(row.num_thread)],
  ["kv", (row) => markdownText(row.kv_cache_type)],
  ["decode t/s", (row) => markdownFigure(row, "decode_tps", "decode_n")],
  ["prefill t/s", (row) => markdownFigure(row, "prefill_tps", "prefill_n")],
  ["ttft ms", (row) => markdownFigure(row, "ttft_ms", "ttft_n")],
  [
    "verdict",
    (row) => markdownText([row.verdict, row.failed_checks, row.failure_class].filter(Boolean).join(" ")),
  ],
];

function markdown(rows: readonly BenchRow[]): string {
  const lines = [
    MARKDOWN_COLUMNS.map(([name]) => name),
    MARKDOWN_COLUMNS.map(() => "---"),
    ...rows.map((row) => MARKDOWN_COLUMNS.map(([, cell]) => cell(row))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

const markdownText = (cell: Cell): string =>
  cell === null ? "" : printable(String(cell)).replace(/[\\|<>[\]`*~&#!]/g, "\\$&");

function markdownFigure(
  row: BenchRow,
  name: "decode_tps" | "prefill_tps" | "ttft_ms",
  count: "decode_n" | "prefill_n" | "ttft_n",
): string {
  const [middle, low, high] = [row[name], row[`${name}_ci_low`], row[`${name}_ci_high`]];
  if (typeof middle !== "number") return "";
  const short = (value: number): string => value.toFixed(value < 100 ? 2 : 1);
  const interval =
    typeof low === "number" && typeof high === "number" ? `${short(low)} to ${short(high)}` : "no interval";
  return `${short(middle)} (${interval}, n = ${row[count]})`;
}

/** How rows can be written, by the name of the format. */
export const ROW_FORMATS = { md: markdown, jsonl, csv, sql } as const;

/** "md", "jsonl", "csv" or "sql". */
export type RowFormat = keyof typeof ROW_FORMATS;
