// The JSON document of `ozone-agent bench --json` (the outside contract), made from a result. Pure.
import { EngineKind, Provenance } from "@ozone/proto/machine";
import { type Sample, type TrialResult, Verdict } from "@ozone/proto/trial";
import { CHECK_ADVICE } from "@ozone/shared/check-codes";
import { dimensionsOf } from "@ozone/shared/configuration";
import { engineKindWords, PROVENANCE_NOTICE, PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { medianInterval } from "@ozone/shared/statistics/interval";
import { median } from "@ozone/shared/statistics/median";

/** A check over all samples: false when one failed, null when none failed but one could not be made. */
export interface BenchCheck {
  readonly code: string;
  readonly passed: boolean | null;
  readonly detail: string;
}

/** A median with its interval; null where there is nothing to say. */
export interface BenchFigure {
  readonly median: number | null;
  readonly ciLow: number | null;
  readonly ciHigh: number | null;
  readonly n: number;
  /** Below six values the interval leans on an assumed distribution. */
  readonly preliminary: boolean;
}

const VERDICT_WORDS: Readonly<Record<Verdict, "valid" | "rejected" | "failed">> = {
  [Verdict.UNSPECIFIED]: "failed",
  [Verdict.VALID]: "valid",
  [Verdict.REJECTED]: "rejected",
  [Verdict.FAILED]: "failed",
};

/** The document. Figures come from valid samples only; every sample is listed. */
export function benchDocument(result: TrialResult) {
  const valid = result.samples.filter((sample) => sample.valid);
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
    },
    samples: result.samples.map(sampleOf),
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

const known = (values: readonly (number | undefined)[]): number[] =>
  values.filter((value): value is number => value !== undefined && value > 0);

function medianOf(values: readonly (number | undefined)[]): number | null {
  const seen = known(values);
  return seen.length === 0 ? null : median(seen);
}

function figureOf(values: readonly (number | undefined)[]): BenchFigure {
  const seen = known(values);
  if (seen.length === 0) return { median: null, ciLow: null, ciHigh: null, n: 0, preliminary: true };
  const { median: middle, ciLow, ciHigh, n, preliminary } = medianInterval(seen);
  return { median: middle, ciLow, ciHigh, n, preliminary };
}

/** One line per code of the closed list, in its order, with the worst of what the samples say. */
function checksOf(samples: readonly Sample[]): BenchCheck[] {
  if (samples.length === 0) return [];
  return Object.keys(CHECK_ADVICE).map((code) => {
    const seen = samples.flatMap((sample) =>
      sample.checks
        .filter((check) => check.code === code)
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
    launch: sample.launch,
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
    checks: sample.checks.map(({ code, passed, detail }) => ({ code, passed: passed ?? null, detail })),
  };
}

function conditionsOf({ conditions }: TrialResult) {
  return {
    loadAverage: conditions?.loadAverage ?? null,
    foreignLoadCores: conditions?.foreignLoadCores ?? null,
    powerSource: conditions?.powerSource ?? "unknown",
    temperatureCelsius: conditions?.temperatureCelsius ?? null,
    contended: conditions?.contended ?? false,
    waitedMs: conditions?.waitedMs ?? 0,
    quantization: conditions?.quantization ?? "",
    managed: conditions?.managed ?? false,
    serverEnvironment: { ...conditions?.serverEnvironment },
  };
}
