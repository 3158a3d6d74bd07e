// The JSON document of `ozone-agent bench --json` (the outside contract), made from a result. Pure.
import { EngineKind, Provenance } from "@ozone/proto/machine";
import { type Sample, SampleKind, type TrialResult, Verdict } from "@ozone/proto/trial";
import { CHECK_ADVICE } from "@ozone/shared/check-codes";
import { dimensionsOf } from "@ozone/shared/configuration";
import { memoryStress } from "@ozone/shared/memory-stress";
import { engineKindWords, PROVENANCE_NOTICE, PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { withRoundRates } from "@ozone/shared/round-rates";
import { filledSamples, sampleKindWords } from "@ozone/shared/sample-kinds";
import { figureOf, medianOf } from "./bench-figure.ts";
import {
  curveOf,
  precisionOf,
  roundsOf,
  sustainedOf,
  ttftPercentilesOf,
  warmPrefixOf,
} from "./beside-the-figures.ts";

/** A check over all samples: false when one failed, null when none failed but one could not be made. */
export interface BenchCheck {
  readonly code: string;
  readonly passed: boolean | null;
  readonly detail: string;
}

const VERDICT_WORDS: Readonly<Record<Verdict, "valid" | "rejected" | "failed">> = {
  [Verdict.UNSPECIFIED]: "failed",
  [Verdict.VALID]: "valid",
  [Verdict.REJECTED]: "rejected",
  [Verdict.FAILED]: "failed",
};

/** The document. Figures come from valid samples that fill the context as asked; every sample is listed. */
export function benchDocument(result: TrialResult) {
  const valid = withRoundRates(
    result,
    filledSamples(result).filter((sample) => sample.valid),
  );
  const { context, memory, failure, conditions } = result;
  return {
    verdict: VERDICT_WORDS[result.verdict],
    failure: failure === undefined ? null : { class: failure.failureClass, message: failure.message },
    checks: checksOf(result.samples),
    context: {
      requested: context?.requested ?? 0,
      allocated: context?.allocated ?? null,
      promptTokens: context?.promptTokens ?? 0,
      filled: context?.filled ?? false,
      trained: context?.trained ?? null,
    },
    metrics: {
      decodeTokensPerSecond: figureOf(valid.map((one) => one.decodeTokensPerSecond)),
      prefillTokensPerSecond: figureOf(valid.map((one) => one.prefillTokensPerSecond)),
      ttftMs: figureOf(valid.map((one) => one.ttftMs)),
      interTokenMs: {
        p50: medianOf(valid.map((one) => one.interTokenP50Ms)),
        p95: medianOf(valid.map((one) => one.interTokenP95Ms)),
      },
      loadMs: medianOf(result.loadMs),
    },
    memory: {
      sizeBytes: numberOf(memory?.sizeBytes),
      sizeVramBytes: numberOf(memory?.sizeVramBytes),
      peakPssBytes: numberOf(memory?.peakPssBytes),
      peakVramBytes: numberOf(memory?.peakVramBytes),
      availableBytes: numberOf(memory?.availableBytes),
      leastAvailableBytes: numberOf(memory?.leastAvailableBytes),
      vramBytes: numberOf(memory?.vramBytes),
      stress: memoryStress(memory),
    },
    samples: result.samples.map(sampleOf),
    curve: curveOf(result),
    warmPrefix: warmPrefixOf(result),
    sustained: sustainedOf(result),
    rounds: roundsOf(result),
    ttftPercentiles: ttftPercentilesOf(result),
    precision: precisionOf(result),
    model: { name: result.modelName, digest: result.modelDigest },
    engine: {
      kind: engineKindWords(conditions?.engine?.kind ?? EngineKind.UNSPECIFIED),
      version: conditions?.engine?.version ?? "",
    },
    provenance: PROVENANCE_WORDS[result.provenance],
    notice: result.provenance === Provenance.UNSPECIFIED ? "" : PROVENANCE_NOTICE[result.provenance],
    configuration: result.configuration === undefined ? {} : dimensionsOf(result.configuration),
    conditions: conditionsOf(result),
    warnings: result.warnings.map(({ code, message }) => ({ code, message })),
    elapsedMs: result.elapsedMs,
    agentVersion: result.agentVersion,
  };
}

/** What `ozone-agent bench --json` prints. */
export type BenchDocument = ReturnType<typeof benchDocument>;

const numberOf = (value: bigint | undefined): number | null => (value === undefined ? null : Number(value));

/** Whether a prompt's beginning came from the cache is what a warm sample finds out; `warmPrefix` says it. */
const isAnswerOfWarmPrefix = ({ kind }: Sample, code: string): boolean =>
  kind === SampleKind.WARM_PREFIX && code === "no_prefix_cache";

/** One line per code of the closed list, in its order, with the worst of what the samples say. */
function checksOf(samples: readonly Sample[]): BenchCheck[] {
  if (samples.length === 0) return [];
  return Object.keys(CHECK_ADVICE).map((code) => {
    const seen = samples.flatMap((sample) =>
      sample.checks
        .filter((check) => check.code === code && !isAnswerOfWarmPrefix(sample, code))
        .map((check) => ({ ...check, index: sample.index })),
    );
    const worst =
      seen.find(({ passed }) => passed === false) ??
      seen.find(({ passed }) => passed === undefined) ??
      seen[0];
    if (worst === undefined) return { code, passed: null, detail: "not made" };
    return { code, passed: worst.passed ?? null, detail: `sample ${worst.index + 1}: ${worst.detail}` };
  });
}

function sampleOf(sample: Sample) {
  return {
    index: sample.index,
    kind: sampleKindWords(sample.kind),
    launch: sample.launch,
    round: sample.round,
    valid: sample.valid,
    outlier: sample.outlier,
    promptTokens: sample.promptTokens,
    generatedTokens: sample.generatedTokens,
    prefillTokensPerSecond: sample.prefillTokensPerSecond ?? null,
    decodeTokensPerSecond: sample.decodeTokensPerSecond ?? null,
    ttftMs: sample.ttftMs ?? null,
    interTokenMs: { p50: sample.interTokenP50Ms ?? null, p95: sample.interTokenP95Ms ?? null },
    totalMs: sample.totalMs ?? null,
    promptEvalNs: Number(sample.promptEvalNs),
    evalNs: Number(sample.evalNs),
    loadNs: Number(sample.loadNs),
    totalNs: Number(sample.totalNs),
    cachedTokens: sample.cachedTokens ?? null,
    chunks: sample.chunks,
    energyJoules: sample.energyJoules ?? null,
    checks: sample.checks.map(({ code, passed, detail }) => ({ code, passed: passed ?? null, detail })),
  };
}

function conditionsOf({ conditions }: TrialResult) {
  return {
    loadAverage: conditions?.loadAverage ?? null,
    foreignLoadCores: conditions?.foreignLoadCores ?? null,
    powerSource: conditions?.powerSource ?? "unknown",
    temperatureCelsius: conditions?.temperatureCelsius ?? null,
    peakTemperatureCelsius: conditions?.peakTemperatureCelsius ?? null,
    clockMhz: conditions?.clockMhz ?? null,
    driver: conditions?.driver ?? "",
    contended: conditions?.contended ?? false,
    waitedMs: conditions?.waitedMs ?? 0,
    watchingMs: conditions?.watchingMs ?? null,
    quantization: conditions?.quantization ?? "",
    managed: conditions?.managed ?? false,
    serverEnvironment: { ...conditions?.serverEnvironment },
  };
}
