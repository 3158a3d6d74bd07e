// report.md: the report for people who read text.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Preset } from "@ozone/proto/preset";
import type { Report } from "@ozone/proto/report";
import { describeConfiguration } from "@ozone/shared/configuration";
import { PROVENANCE_NOTICE, PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { conditionRows } from "../report/conditions.ts";
import { type ModelSection, weakest } from "../report/model-sections.ts";
import { failureRows, rejectionRows } from "../report/troubles.ts";
import { cleanText } from "./clean-text.ts";
import { configurationTable, type ReportTable } from "./configuration-table.ts";
import { formatFigure, formatGain, formatRecommendation, formatStability, statusWords } from "./figures.ts";
import { engineWords, shortDigest } from "./names.ts";
import { conditionTable, failureTable, machineTable, rejectionTable } from "./report-tables.ts";
import { isDefault } from "./text-presets.ts";

/** How to read the numbers; the HTML page says the same. */
export const READING_GUIDE =
  "Figures are medians; brackets hold the 95 % interval, n is the number of samples behind both. The context was really filled before each sample. What is not proven often enough says preliminary. docs/metrics.md defines every number.";

/** The whole report as Markdown. */
export function reportMarkdown(report: Report, sections: readonly ModelSection[]): string {
  const provenance = weakest([report.provenance, ...sections.map((section) => section.provenance)]);
  const notice = PROVENANCE_NOTICE[provenance];
  const builtAt = report.builtAt ? timestampDate(report.builtAt).toISOString() : "unknown";
  return [
    `# ${escapeMarkdown(report.title || "Ozone report")}`,
    `Built ${builtAt} by Ozone ${escapeMarkdown(report.ozoneVersion)}. Provenance: **${PROVENANCE_WORDS[provenance]}**.`,
    ...(notice ? [`> **${notice}**`] : []),
    ...report.notes.map((note) => `> ${escapeMarkdown(note)}`),
    READING_GUIDE,
    ...sections.flatMap((section) => modelPart(section)),
    "## Machines and conditions",
    table(machineTable(report.machines)),
    table(conditionTable(conditionRows(report.results))),
  ]
    .filter((part) => part !== "")
    .map((part) => `${part}\n`)
    .join("\n");
}

function modelPart(section: ModelSection): string[] {
  const failures = failureRows(section.results);
  const rejections = rejectionRows(section.results);
  return [
    `## ${escapeMarkdown(section.modelName)}`,
    `Provenance: **${PROVENANCE_WORDS[section.provenance]}**.`,
    ...(section.presets.length === 0
      ? ["No preset: nothing valid was measured."]
      : section.presets.map(presetPart)),
    "### Every measured configuration",
    table(configurationTable(section.configurations, section.machines.length)),
    ...(failures.length > 0 ? ["### Failures", table(failureTable(failures))] : []),
    ...(rejections.length > 0
      ? ["### Checks that samples did not pass", table(rejectionTable(rejections))]
      : []),
  ];
}

function presetPart(preset: Preset): string {
  const { configuration, figures, runnerUp } = preset;
  const gain = isDefault(preset)
    ? ["it is the default configuration"]
    : preset.gains.map(formatGain).concat(preset.gains.length === 0 ? ["the default was not measured"] : []);
  const lines = [
    ["Set", configuration ? describeConfiguration(configuration) : "unknown"],
    ["Decode", formatFigure(figures?.decodeTokensPerSecond, "t/s")],
    ["Prefill", formatFigure(figures?.prefillTokensPerSecond, "t/s")],
    ["Time to first token", formatFigure(figures?.ttftMs, "ms")],
    ["Against the default", gain.join("; ")],
    ["Stability", formatStability(preset.stability)],
    ["Recommendation", formatRecommendation(preset.recommendation)],
    ["Chosen for", preset.objective || "not recorded"],
    ...(runnerUp?.configuration
      ? [["Runner-up", `${describeConfiguration(runnerUp.configuration)}; it lost: ${runnerUp.whyItLost}`]]
      : []),
    [
      "Holds for",
      `${preset.hardwareClass}, digest ${shortDigest(preset.modelDigest)}, engine ${engineWords(preset.engine)}`,
    ],
    ...preset.staleBecause.map((reason) => ["Stale", reason]),
    ...preset.warnings.map((warning) => ["Warning", warning]),
    ...extremeLines(preset),
  ];
  const heading = `### Preset ${escapeMarkdown(preset.purpose)} (${escapeMarkdown(statusWords(preset))}, ${PROVENANCE_WORDS[preset.provenance]})`;
  return `${heading}\n\n${lines.map(([name = "", value = ""]) => `- ${name}: ${escapeMarkdown(value)}`).join("\n")}`;
}

const extremeLines = ({ extremeTier }: Preset): string[][] => [
  ...(extremeTier?.requirements ?? []).map(({ words }) => ["Needs", words]),
  ...(extremeTier?.manualOverride ?? []).map((words) => ["On purpose", words]),
  ...(extremeTier?.recovery ?? []).map(({ words }) => ["When it fails", words]),
];

function table({ headings, rows, numeric = [], remark = "" }: ReportTable): string {
  if (rows.length === 0) return "None.";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    ...(remark === "" ? [] : [escapeMarkdown(remark), ""]),
    line(headings),
    line(headings.map((_, column) => (numeric.includes(column) ? "---:" : "---"))),
    ...rows.map((row) => line(row.map(escapeMarkdown))),
  ].join("\n");
}

/**
 * A text of others as one harmless line of Markdown: no markup, no HTML, no link, no broken table. What is harmless
 * (num_ctx, [77.7, 81.7]) stays readable as it is.
 */
export const escapeMarkdown = (text: string): string =>
  cleanText(text)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/([\\`*{}|~])/g, "\\$1")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/\](?=[([:])/g, "\\]")
    .replace(/(:)(?=\/\/)/g, "&#58;")
    .replace(/\b(www)\./gi, "$1&#46;");
