// What the signatures of a report say, as text for a terminal.
import type { Verified } from "../report/verify-report.ts";
import { cleanText } from "./clean-text.ts";
import { textPairs } from "./text-table.ts";

const PROBLEMS_SHOWN = 20;

/** In a few lines. */
export function verifiedText({
  signedResults,
  signedLines,
  unsignedLines,
  keys,
  problems,
}: Verified): string {
  const head = textPairs([
    ["signed", `${signedResults} results, ${signedLines} lines of logs/ are what was signed`],
    ["unsigned", `${unsignedLines} lines`],
    ...Object.entries(keys).map(([machineId, of]): [string, string] => [
      cleanText(machineId),
      of.map((key) => cleanText(key)).join(", "),
    ]),
  ]);
  const more = problems.length > PROBLEMS_SHOWN ? `and ${problems.length - PROBLEMS_SHOWN} more\n` : "";
  const wrong = problems.slice(0, PROBLEMS_SHOWN).map((problem) => `${cleanText(problem)}\n`);
  const end = problems.length === 0 ? "Nothing contradicts a signature.\n" : `${wrong.join("")}${more}`;
  return `${head}\n${end}`;
}
