// The table of every measured configuration as plain cells: Markdown and HTML show the same one.
import { Purpose } from "@ozone/proto/configuration";
import type { MeasuredConfiguration } from "@ozone/proto/report";
import { dimensionsOf } from "@ozone/shared/configuration";
import { cleanText } from "./clean-text.ts";
import { formatFigure, formatRecommendation } from "./figures.ts";

/** Headings and rows; `numeric` columns stand right; `remark` is a sentence above the table. */
export interface ReportTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly numeric?: readonly number[];
  readonly remark?: string;
}

/** Every measured configuration with its figures, their intervals and their n. What all have in common is said once. */
export function configurationTable(
  configurations: readonly MeasuredConfiguration[],
  machineCount: number,
): ReportTable {
  const shared = sharedOptions(configurations);
  const withMachine = machineCount > 1;
  const headings = [
    "num_ctx",
    "Options",
    "Decode",
    "Prefill",
    "Time to first token",
    "Samples",
    "Recommendation",
  ];
  return {
    headings: withMachine ? [...headings, "Machine"] : headings,
    numeric: [0],
    remark: shared.length > 0 ? `All with ${shared.join(", ")}.` : "",
    rows: configurations.map((measured) => {
      const { figures, configuration } = measured;
      const cells = [
        configuration ? String(configuration.numCtx) : "unknown",
        optionsOf(measured)
          .filter((option) => !shared.includes(option))
          .join(", ") || "-",
        formatFigure(figures?.decodeTokensPerSecond, "t/s"),
        formatFigure(figures?.prefillTokensPerSecond, "t/s"),
        formatFigure(figures?.ttftMs, "ms"),
        sampleWords(measured),
        measured.recommendation ? cleanText(formatRecommendation(measured.recommendation), 600) : "-",
      ];
      return withMachine ? [...cells, cleanText(measured.machineId, 60)] : cells;
    }),
  };
}

/** Every option but num_ctx, as "name value". */
function optionsOf({ configuration }: MeasuredConfiguration): string[] {
  if (!configuration) return ["unknown"];
  const { num_ctx: _, ...others } = dimensionsOf(configuration);
  return Object.entries(others).map(([name, value]) => `${name} ${value}`);
}

function sharedOptions(configurations: readonly MeasuredConfiguration[]): string[] {
  const [first, ...others] = configurations.map(optionsOf);
  if (!first || others.length === 0) return [];
  return first.filter((option) => others.every((options) => options.includes(option)));
}

/** "6 valid, 1 rejected, confirmed". */
function sampleWords(measured: MeasuredConfiguration): string {
  const { validSamples, rejectedSamples, failedAttempts, purposes } = measured;
  const parts = [`${validSamples} valid`];
  if (rejectedSamples > 0) parts.push(`${rejectedSamples} rejected`);
  if (failedAttempts > 0) parts.push(`${failedAttempts} failed`);
  if (isReferenceOnly(purposes)) parts.push("reference for drift");
  else if (validSamples > 0) {
    parts.push(purposes.includes(Purpose.CONFIRM) ? "confirmed" : "screened only");
  }
  return parts.join(", ");
}

/** Whether it was only run to see the machine drift: no candidate for anything. */
export const isReferenceOnly = (purposes: readonly Purpose[]): boolean =>
  purposes.length > 0 && purposes.every((purpose) => purpose === Purpose.REFERENCE);
