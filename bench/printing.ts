// Verdicts for a person (a table) and for a program (one JSON object). Pure.
import type { Verdict } from "./verdict.ts";

const HEAD = ["claim", "value", "95 % interval", "n", "goal", "holds"];

/** A table, then one line per detail. */
export function tableOf(verdicts: readonly Verdict[]): string {
  const rows = [HEAD, ...verdicts.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const details = verdicts
    .filter(({ detail }) => detail !== "")
    .map(({ name, detail }) => `${name}: ${detail}`);
  return `${[...lines, ...(details.length > 0 ? ["", ...details] : [])].join("\n")}\n`;
}

function cellsOf({ name, value, unit, low, high, n, goal, holds }: Verdict): string[] {
  const interval = low === null && high === null ? "none" : `${numberText(low)} to ${numberText(high)}`;
  return [name, `${numberText(value)} ${unit}`.trim(), interval, String(n), goal, holds ? "yes" : "NO"];
}

/** Five digits are more than any of these figures knows; an open end of an interval is three dots. */
function numberText(value: number | null): string {
  if (value === null) return "...";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}

/** The document of --json. */
export const jsonOf = (verdicts: readonly Verdict[]): string =>
  JSON.stringify({ claims: verdicts.map(({ detail: _detail, ...verdict }) => verdict) });
