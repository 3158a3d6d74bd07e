// Machines, conditions and troubles of a report as plain cells: Markdown and HTML show the same ones.
import type { Machine } from "@ozone/proto/machine";
import { describeConfiguration } from "@ozone/shared/configuration";
import type { ConditionRow } from "../report/conditions.ts";
import type { FailureRow, RejectionRow } from "../report/troubles.ts";
import { cleanText } from "./clean-text.ts";
import type { ReportTable } from "./configuration-table.ts";
import { factsWords } from "./machine-words.ts";
import { engineWords } from "./names.ts";

/** Machines by what they are; never by their name. */
export const machineTable = (machines: readonly Machine[]): ReportTable => ({
  headings: ["Machine", "Hardware class", "What it is", "Engine", "Agent"],
  rows: machines.map((machine) => [
    cleanText(machine.id, 60),
    cleanText(machine.hardwareClass),
    factsWords(machine),
    engineWords(machine.engine),
    cleanText(machine.agentVersion, 40),
  ]),
});

/** The conditions of each machine's share. */
export const conditionTable = (rows: readonly ConditionRow[]): ReportTable => ({
  headings: [
    "Machine",
    "Engine",
    "Quantization",
    "Context filled",
    "Attempts",
    "Contended",
    "Power",
    "Load average, at most",
  ],
  numeric: [4, 5],
  rows: rows.map((row) => [
    cleanText(row.machineId, 60),
    row.engines.map(engineWords).join(", ") || "unknown",
    row.quantizations.map((name) => cleanText(name, 40)).join(", ") || "unknown",
    fillWords(row),
    row.timeBoxedAttempts > 0
      ? `${row.attempts} (${row.timeBoxedAttempts} in a time box)`
      : String(row.attempts),
    String(row.contendedAttempts),
    row.powerSources.map((name) => cleanText(name, 40)).join(", ") || "unknown",
    row.loadAverageMax === null ? "unknown" : row.loadAverageMax.toFixed(2),
  ]),
});

function fillWords({ fill }: ConditionRow): string {
  if (fill === null) return "unknown";
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return fill.from === fill.to ? percent(fill.from) : `${percent(fill.from)} to ${percent(fill.to)}`;
}

/** Failed attempts with what to do. */
export const failureTable = (rows: readonly FailureRow[]): ReportTable => ({
  headings: ["Failure", "Configuration", "Attempts", "What was seen", "What to do"],
  numeric: [2],
  rows: rows.map((row) => [
    cleanText(row.failureClass, 60),
    row.configuration ? describeConfiguration(row.configuration) : "unknown",
    String(row.attempts),
    seen(row.message),
    row.advice,
  ]),
});

/** Failed checks with what they mean. */
export const rejectionTable = (rows: readonly RejectionRow[]): ReportTable => ({
  headings: ["Failed check", "Samples", "What was seen last", "What it means"],
  numeric: [1],
  rows: rows.map((row) => [cleanText(row.check, 60), String(row.samples), seen(row.detail), row.advice]),
});

const seen = (sentence: string): string => cleanText(sentence, 300) || "nothing";
