// Pulls of models, as text for a terminal.
import type { Pull } from "@ozone/proto/pull";
import { formatBytes } from "@ozone/shared/units";
import { cleanText } from "./clean-text.ts";
import { textTable } from "./text-table.ts";

/** How far one is: "pulling, 1.2 GiB of 4.9 GiB". */
function pullStateWords({ state, problem, completedBytes, totalBytes, digest }: Pull): string {
  if (state === "pulling" && totalBytes > 0n)
    return `pulling, ${formatBytes(Number(completedBytes))} of ${formatBytes(Number(totalBytes))}`;
  if (state === "pulled") return `is there (${cleanText(digest.replace(/^sha256:/, "").slice(0, 12))})`;
  const because = problem === "" ? "" : `: ${cleanText(problem)}`;
  return `${cleanText(state)}${because}`;
}

/** One line for people: "lab-1 qwen3:8b: pulling, 1.2 GiB of 4.9 GiB". */
export const pullLine = (pull: Pull): string =>
  `${cleanText(pull.machineName)} ${cleanText(pull.model)}: ${pullStateWords(pull)}`;

/** A table of pulls. */
export function pullsText(pulls: readonly Pull[]): string {
  if (pulls.length === 0) return "No model was asked for yet; `ozone model pull` asks for one.\n";
  return textTable(
    ["PULL", "MACHINE", "MODEL", "STATE"].map((heading) => ({ heading })),
    pulls.map((pull) => [
      pull.id,
      cleanText(pull.machineName),
      cleanText(pull.model, 60),
      pullStateWords(pull),
    ]),
  );
}
