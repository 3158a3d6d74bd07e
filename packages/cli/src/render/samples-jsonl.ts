// logs/<model>.jsonl: one line per sample with its certificate and everything it was measured under; an attempt that
// failed before its first sample gets one line with the failure. Nothing is rounded here: this is the raw record.

import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { ProtocolSchema } from "@ozone/proto/configuration";
import {
  type Conditions,
  ConditionsSchema,
  ContextUseSchema,
  type Memory,
  PrecisionReachedSchema,
  RoundSchema,
  type Sample,
  SampleSchema,
  SustainedSchema,
  type TrialResult,
} from "@ozone/proto/trial";
import { dimensionsOf } from "@ozone/shared/configuration";
import { PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { sampleKindWords } from "@ozone/shared/sample-kinds";
import { jsonText } from "./json-text.ts";
import { engineWords, purposeWords, verdictWords } from "./names.ts";

const names = { useProtoFieldName: true } as const;
const explicit = { ...names, alwaysEmitImplicit: true } as const;

/** Lines of one model, each ending with a newline. */
export const samplesJsonl = (results: readonly TrialResult[]): string =>
  results
    .flatMap((result) => linesOf(result))
    .map((line) => `${jsonText(line, "line")}\n`)
    .join("");

function linesOf(result: TrialResult): Record<string, JsonValue>[] {
  const attempt = attemptOf(result);
  if (result.samples.length === 0) return [{ ...attempt, sample: null }];
  return result.samples.map((sample) => ({
    ...attempt,
    round: roundOf(result, sample),
    sample: sampleOf(sample, result),
  }));
}

function attemptOf(result: TrialResult): Record<string, JsonValue> {
  const { configuration, protocol, context, conditions, memory, failure } = result;
  return {
    trial_id: result.trialId,
    attempt: result.attempt,
    sweep_id: result.sweepId,
    machine_id: result.machineId,
    hardware_class: result.hardwareClass,
    model: result.modelName,
    model_digest: result.modelDigest,
    engine: engineWords(conditions?.engine),
    provenance: PROVENANCE_WORDS[result.provenance],
    purpose: purposeWords(result.purpose),
    verdict: verdictWords(result.verdict),
    failure: failure ? { class: failure.failureClass, message: failure.message } : null,
    configuration: configuration ? dimensionsOf(configuration) : null,
    protocol: protocol ? toJson(ProtocolSchema, protocol, names) : null,
    context: context ? toJson(ContextUseSchema, context, explicit) : null,
    conditions: conditions ? conditionsOf(conditions) : null,
    memory: memory ? memoryOf(memory) : null,
    load_ms: [...result.loadMs],
    ...conclusionsOf(result),
    warnings: result.warnings.map(({ code, message }) => ({ code, message })),
    started_at: result.startedAt ? timestampDate(result.startedAt).toISOString() : null,
    elapsed_ms: result.elapsedMs,
    agent_version: result.agentVersion,
    ...(result.rawDropped ? { raw_dropped: true } : {}),
  };
}

/** What several samples say together; of the rounds, the one that a sample was in stands on its line. */
const conclusionsOf = ({ sustained, precision }: TrialResult): Record<string, JsonValue> => ({
  sustained: sustained ? toJson(SustainedSchema, sustained, explicit) : null,
  precision: precision ? toJson(PrecisionReachedSchema, precision, explicit) : null,
});

function roundOf({ rounds }: TrialResult, sample: Sample): JsonValue {
  const round = rounds.find((one) => one.round === sample.round);
  return round ? toJson(RoundSchema, round, explicit) : null;
}

/** Without engine and digest, which stand on the line already. */
function conditionsOf(conditions: Conditions): JsonValue {
  const json = toJson(ConditionsSchema, conditions, names) as Record<string, JsonValue>;
  const { engine: _, model_digest: __, ...others } = json;
  return others;
}

// Protobuf writes 64-bit integers as texts; sizes and nanoseconds of a trial are far below 2^53.
const memoryOf = ({ sizeBytes, sizeVramBytes, peakPssBytes }: Memory): JsonValue => ({
  size_bytes: sizeBytes === undefined ? null : Number(sizeBytes),
  size_vram_bytes: sizeVramBytes === undefined ? null : Number(sizeVramBytes),
  peak_pss_bytes: peakPssBytes === undefined ? null : Number(peakPssBytes),
});

/** The sample as the agent sent it; a check that could not be made has passed: null. */
function sampleOf(sample: Sample, { rawDropped }: TrialResult): JsonValue {
  const json = toJson(SampleSchema, sample, explicit);
  const kept = (figure: bigint | number) => (rawDropped ? null : Number(figure));
  const checks = sample.checks.map(({ code, passed, detail }) => ({ code, passed: passed ?? null, detail }));
  return {
    ...(json as Record<string, JsonValue>),
    kind: sampleKindWords(sample.kind),
    checks,
    prompt_eval_ns: kept(sample.promptEvalNs),
    eval_ns: kept(sample.evalNs),
    load_ns: kept(sample.loadNs),
    total_ns: kept(sample.totalNs),
    ...(rawDropped ? { chunks: null } : {}),
  };
}
