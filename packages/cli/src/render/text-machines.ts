// Machines and the coordinator itself, as text for a terminal.
import type { Machine } from "@ozone/proto/machine";
import type { GetStatusResponse } from "@ozone/proto/machine_service";
import { formatDuration } from "@ozone/shared/units";
import { cleanText } from "./clean-text.ts";
import { engineWords } from "./names.ts";
import { textPairs, textTable } from "./text-table.ts";

const MODELS_SHOWN = 3;

/** A table of machines, with a line below for each that has no engine to measure or may not read something. */
export function machinesText(machines: readonly Machine[]): string {
  if (machines.length === 0) return "No machine has announced itself yet; `ozone up` starts an agent here.\n";
  const rows = machines.map((machine) => [
    machine.id,
    machine.name,
    machine.status,
    machine.hardwareClass,
    machine.engineProblem ? "none" : engineWords(machine.engine),
    modelNames(machine),
    machine.activity || "-",
  ]);
  const headings = ["MACHINE", "NAME", "STATUS", "HARDWARE CLASS", "ENGINE", "MODELS", "ACTIVITY"];
  const problems = machines.flatMap(({ id, engineProblem, managedProblem }) =>
    [engineProblem, managedProblem]
      .filter(Boolean)
      .map((problem) => `${cleanText(id)}: ${cleanText(problem)}\n`),
  );
  return (
    textTable(
      headings.map((heading) => ({ heading })),
      rows,
    ) +
    problems.join("") +
    machines.map(accessLine).join("")
  );
}

/** The first of what an agent may not read; a whole fleet's list would bury the table. */
function accessLine({ id, accessProblems: [first, ...others] }: Machine): string {
  if (first === undefined) return "";
  const more = others.length > 0 ? ` And ${others.length} more (\`--json\` lists them).` : "";
  return `${cleanText(id)}: ${cleanText(first)}${more}\n`;
}

function modelNames({ models }: Machine): string {
  const shown = models.slice(0, MODELS_SHOWN).map(({ name }) => cleanText(name, 60));
  const more = models.length > MODELS_SHOWN ? [`${models.length - MODELS_SHOWN} more`] : [];
  return [...shown, ...more].join(", ") || "none";
}

/** The coordinator and its parts. */
export function statusText(status: GetStatusResponse, address: string): string {
  return textPairs([
    [
      "coordinator",
      `${cleanText(status.version)} at ${address}, up ${formatDuration(Number(status.uptimeMs))}`,
    ],
    ["database", cleanText(status.database)],
    ["bus", cleanText(status.bus)],
    ["machines online", String(status.machinesOnline)],
    ["sweeps running", String(status.sweepsRunning)],
    ["presets", String(status.presets)],
  ]);
}
