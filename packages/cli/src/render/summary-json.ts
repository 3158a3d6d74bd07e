// summaries/<model>.json: every measured configuration with its figures, and the presets that follow from them.

import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Figure } from "@ozone/proto/preset";
import type { MeasuredConfiguration, Report } from "@ozone/proto/report";
import { dimensionsOf } from "@ozone/shared/configuration";
import { PROVENANCE_NOTICE, PROVENANCE_WORDS } from "@ozone/shared/provenance";
import type { ModelSection } from "../report/model-sections.ts";
import { jsonText } from "./json-text.ts";
import { engineWords, purposeWords } from "./names.ts";
import { presetsDocument } from "./preset-document.ts";

/** One model's summary as JSON text. Durations in milliseconds, rates in tokens per second; null: not measured. */
export function summaryJson(section: ModelSection, report: Report): string {
  const classes = new Map(section.machines.map(({ id, hardwareClass }) => [id, hardwareClass]));
  const document = {
    model: section.modelName,
    title: report.title,
    built_at: report.builtAt ? timestampDate(report.builtAt).toISOString() : null,
    ozone_version: report.ozoneVersion,
    provenance: PROVENANCE_WORDS[section.provenance],
    notice: PROVENANCE_NOTICE[section.provenance] || null,
    notes: [...report.notes],
    configurations: section.configurations.map((measured) => ({
      hardware_class: classes.get(measured.machineId) ?? "unknown",
      ...configurationOf(measured),
    })),
    presets: presetsDocument(section.modelName, section.presets),
  };
  return `${jsonText(document)}\n`;
}

function configurationOf(measured: MeasuredConfiguration) {
  const { figures, recommendation } = measured;
  return {
    machine_id: measured.machineId,
    engine: engineWords(measured.engine),
    provenance: PROVENANCE_WORDS[measured.provenance],
    configuration: measured.configuration ? dimensionsOf(measured.configuration) : null,
    measured_for: measured.purposes.map(purposeWords),
    valid_samples: measured.validSamples,
    rejected_samples: measured.rejectedSamples,
    failed_attempts: measured.failedAttempts,
    failure_classes: [...measured.failureClasses],
    recommendation: recommendation
      ? {
          verdict: recommendation.verdict,
          reason: recommendation.reason,
          metric: recommendation.metric || null,
        }
      : null,
    figures: {
      decode_tokens_per_second: figureOf(figures?.decodeTokensPerSecond),
      prefill_tokens_per_second: figureOf(figures?.prefillTokensPerSecond),
      ttft_ms: figureOf(figures?.ttftMs),
      load_ms: figureOf(figures?.loadMs),
      inter_token_p50_ms: figureOf(figures?.interTokenP50Ms),
      inter_token_p95_ms: figureOf(figures?.interTokenP95Ms),
    },
  };
}

const figureOf = (figure: Figure | undefined) =>
  figure && figure.n > 0
    ? {
        median: figure.median,
        ci_low: figure.ciLow ?? null,
        ci_high: figure.ciHigh ?? null,
        n: figure.n,
        method: figure.method || "none",
      }
    : null;
