// Plain tables for terminals: columns are as wide as their longest cell, nothing is coloured or boxed.
import { cleanText } from "./clean-text.ts";
import { TEXT_WIDTH, wrapText } from "./wrap-text.ts";

/** One column: its heading, and whether numbers stand right. */
export interface Column {
  readonly heading: string;
  readonly align?: "left" | "right";
}

/** Lines of a table, each ending with a newline; just the headings when there are no rows. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => row.map((cell) => cleanText(cell))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ""))));
  const line = (row: readonly string[]) =>
    columns
      .map(({ align }, column) => pad(row[column] ?? "", widths[column] ?? 0, align ?? "left"))
      .join("  ")
      .trimEnd();
  return cells.map((row) => `${line(row)}\n`).join("");
}

/** Pairs under each other, the names padded to one width, long values continued under their beginning. */
export function textPairs(pairs: readonly (readonly [string, string])[], indent = ""): string {
  const widest = Math.max(0, ...pairs.map(([name]) => width(name)));
  const margin = " ".repeat(indent.length + widest + 2);
  const value = (text: string) => wrapText(text, { width: TEXT_WIDTH - margin.length, indent: margin });
  return pairs.map(([name, text]) => `${indent}${pad(name, widest, "left")}  ${value(text)}\n`).join("");
}

const width = (text: string): number => [...text].length;

function pad(text: string, to: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, to - width(text)));
  return align === "left" ? text + space : space + text;
}
