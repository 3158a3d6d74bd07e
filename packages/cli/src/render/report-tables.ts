// The tables of a report as plain cells: Markdown and HTML show the same ones. Only words and formatting.
import type { Machine } from "@ozone/proto/machine";
import type { MeasuredConfiguration } from "@ozone/proto/report";
import { describeConfiguration, dimensionsOf } from "@ozone/shared/configuration";
import type { ConditionRow } from "../report/conditions.ts";
import type { FailureRow, RejectionRow } from "../report/troubles.ts";
import { cleanText } from "./clean-text.ts";
import { withoutOwner } from "./environment-json.ts";
import { formatFigure } from "./figures.ts";
import { factsWords } from "./machine-words.ts";
import { engineWords, purposeWords } from "./names.ts";

/** Headings and rows; `numeric` columns stand right. */
export interface ReportTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly numeric?: readonly number[];
}

/** Every measured configuration with its figures, their intervals and their n. */
export function configurationTable(
  configurations: readonly MeasuredConfiguration[],
  machineCount: number,
): ReportTable {
  const withMachine = machineCount > 1;
  const headings = [
    "num_ctx",
    "Other options",
    "Decode, t/s",
    "Prefill, t/s",
    "TTFT",
    "Samples",
    "Measured for",
  ];
  return {
    headings: withMachine ? [...headings, "Machine"] : headings,
    numeric: [0],
    rows: configurations.map((measured) => {
      const { figures, configuration } = measured;
      const cells = [
        configuration ? String(configuration.numCtx) : "unknown",
        otherOptions(measured),
        formatFigure(figures?.decodeTokensPerSecond, "t/s"),
        formatFigure(figures?.prefillTokensPerSecond, "t/s"),
        formatFigure(figures?.ttftMs, "ms"),
        sampleCounts(measured),
        measured.purposes.map(purposeWords).join(", ") || "unknown",
      ];
      return withMachine ? [...cells, cleanText(measured.machineId, 60)] : cells;
    }),
  };
}

function otherOptions({ configuration }: MeasuredConfiguration): string {
  if (!configuration) return "unknown";
  const { num_ctx: _, ...others } = dimensionsOf(configuration);
  return Object.entries(others)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

function sampleCounts({ validSamples, rejectedSamples, failedAttempts }: MeasuredConfiguration): string {
  const parts = [`${validSamples} valid`];
  if (rejectedSamples > 0) parts.push(`${rejectedSamples} rejected`);
  if (failedAttempts > 0) parts.push(`${failedAttempts} failed`);
  return parts.join(", ");
}

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
export const failureTable = (rows: readonly FailureRow[], machines: readonly Machine[]): ReportTable => ({
  headings: ["Failure", "Configuration", "Attempts", "What was seen", "What to do"],
  numeric: [2],
  rows: rows.map((row) => [
    cleanText(row.failureClass, 60),
    row.configuration ? describeConfiguration(row.configuration) : "unknown",
    String(row.attempts),
    nameless(row.message, machines),
    row.advice,
  ]),
});

/** Failed checks with what they mean. */
export const rejectionTable = (rows: readonly RejectionRow[], machines: readonly Machine[]): ReportTable => ({
  headings: ["Failed check", "Samples", "What was seen last", "What it means"],
  numeric: [1],
  rows: rows.map((row) => [
    cleanText(row.check, 60),
    String(row.samples),
    nameless(row.detail, machines),
    row.advice,
  ]),
});

const nameless = (sentence: string, machines: readonly Machine[]): string =>
  cleanText(
    machines.reduce((text, { name }) => withoutOwner(text, name), withoutOwner(sentence, "")),
    300,
  ) || "nothing";
