// The result of an attempt, from its journal: figures and certificate of each sample, the verdict, the conditions.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { EngineSchema, Provenance } from "@ozone/proto/machine";
import {
  CheckSchema,
  ConditionsSchema,
  ContextUseSchema,
  FailureSchema,
  MemorySchema,
  type Sample,
  SampleSchema,
  type TrialResult,
  TrialResultSchema,
  Verdict,
  WarningSchema,
} from "@ozone/proto/trial";
import { isSampleValid } from "@ozone/shared/check-codes";
import { isFilled } from "@ozone/shared/configuration";
import type { TrialFailure } from "@ozone/shared/failure";
import { provenanceOf } from "@ozone/shared/provenance";
import { flagOutliers } from "@ozone/shared/statistics/outliers";
import type { Attempt } from "./attempt.ts";
import { factsOf } from "./attempt-facts.ts";
import { certify } from "./certificate/certify.ts";
import type { AttemptFacts, SampleFacts } from "./certificate/facts.ts";
import { decodeRate, interTokenTimes, prefillRate } from "./figures.ts";

/** Fewer samples than this say nothing about outliers. */
const OUTLIERS_FROM = 3;

/** Makes the result. `failure` is what ended the attempt early, or null. */
export function resultOf(attempt: Attempt, failure: TrialFailure | null): TrialResult {
  const samples = samplesOf(attempt);
  const { order, ports, configuration, protocol } = attempt;
  return create(TrialResultSchema, {
    trialId: order.trialId,
    attempt: order.attempt,
    machineId: ports.machine.machineId,
    sweepId: order.sweepId,
    verdict: verdictOf(samples, failure),
    ...(failure === null
      ? {}
      : { failure: create(FailureSchema, { failureClass: failure.failureClass, message: failure.message }) }),
    modelName: order.modelName,
    modelDigest: attempt.model?.digest ?? order.modelDigest,
    configuration,
    protocol,
    purpose: order.purpose,
    samples,
    context: contextOf(attempt, samples),
    loadMs: attempt.loads.map(({ serverMs, clientMs }) => serverMs ?? clientMs),
    memory: memoryOf(attempt),
    conditions: conditionsOf(attempt),
    warnings: attempt.warnings.map((warning) => create(WarningSchema, warning)),
    provenance:
      attempt.identity === null
        ? Provenance.UNSPECIFIED
        : provenanceOf(attempt.identity.kind, attempt.details?.synthetic === true),
    hardwareClass: ports.machine.hardwareClass,
    startedAt: timestampFromDate(attempt.startedAt),
    finishedAt: timestampFromDate(new Date()),
    elapsedMs: performance.now() - attempt.startedAtMs,
    agentVersion: ports.machine.agentVersion,
  });
}

function verdictOf(samples: readonly Sample[], failure: TrialFailure | null): Verdict {
  if (failure !== null) return Verdict.FAILED;
  return samples.every(({ valid }) => valid) ? Verdict.VALID : Verdict.REJECTED;
}

function samplesOf(attempt: Attempt): Sample[] {
  const facts = factsOf(attempt);
  if (facts === null) return [];
  const outliers = outlierFlags(facts.samples);
  return facts.samples.map((one, index) =>
    sampleOf(one, facts, { index, outlier: outliers[index] ?? false }),
  );
}

/** Flagged by decode rate; kept all the same. */
function outlierFlags(samples: readonly SampleFacts[]): boolean[] {
  const rates = samples.map(({ figures }) => decodeRate(figures));
  const known = rates.filter((one) => one !== null);
  if (known.length < OUTLIERS_FROM) return samples.map(() => false);
  const flags = flagOutliers(known);
  return rates.map(
    (one) => one !== null && flags.some(({ value, level }) => value === one && level !== "ordinary"),
  );
}

function sampleOf(
  one: SampleFacts,
  attempt: AttemptFacts,
  place: { index: number; outlier: boolean },
): Sample {
  const { evidence, figures, timings } = one;
  const findings = certify(one, attempt);
  const oneByOne = findings.every(({ code, passed }) => code !== "chunk_ratio" || passed === true);
  const gaps = oneByOne ? interTokenTimes(timings) : null;
  return create(SampleSchema, {
    ...place,
    launch: evidence.launch,
    valid: isSampleValid(findings),
    checks: findings.map((finding) => create(CheckSchema, finding)),
    promptTokens: figures.promptTokens,
    generatedTokens: figures.generatedTokens,
    prefillTokensPerSecond: prefillRate(figures) ?? undefined,
    decodeTokensPerSecond: decodeRate(figures) ?? undefined,
    ttftMs: timings.ttftMs ?? undefined,
    interTokenP50Ms: gaps?.p50Ms ?? undefined,
    interTokenP95Ms: gaps?.p95Ms ?? undefined,
    totalMs: timings.totalMs ?? undefined,
    promptEvalNs: BigInt(figures.promptEvalNs),
    evalNs: BigInt(figures.evalNs),
    loadNs: BigInt(figures.loadNs),
    totalNs: BigInt(figures.totalNs),
    cachedTokens: figures.cachedTokens ?? undefined,
    chunks: evidence.stream.textTimesMs.length,
    startedAt: timestampFromDate(evidence.startedAt),
  });
}

function contextOf({ configuration, protocol, loads, details }: Attempt, samples: readonly Sample[]) {
  const usable = samples.filter(({ valid }) => valid);
  const smallest = (usable.length > 0 ? usable : samples).reduce<Sample | null>(
    (least, one) => (least === null || one.promptTokens < least.promptTokens ? one : least),
    null,
  );
  return create(ContextUseSchema, {
    requested: configuration.numCtx,
    allocated: loads[0]?.state.contextLength ?? undefined,
    promptTokens: smallest?.promptTokens ?? 0,
    filled: smallest !== null && isFilled(configuration, protocol.fill, smallest),
    trained: details?.trainedContext ?? undefined,
  });
}

function memoryOf({ loads, samples }: Attempt) {
  const state = loads[loads.length - 1]?.state;
  const peaks = samples.map(({ resources }) => resources.peakPssBytes).filter((one) => one !== null);
  const big = (value: number | null | undefined): bigint | undefined =>
    value === null || value === undefined ? undefined : BigInt(Math.round(value));
  return create(MemorySchema, {
    sizeBytes: big(state?.sizeBytes),
    sizeVramBytes: big(state?.sizeVramBytes),
    peakPssBytes: peaks.length === 0 ? undefined : big(Math.max(...peaks)),
  });
}

function conditionsOf({ identity, model, conditions, samples, ports }: Attempt) {
  return create(ConditionsSchema, {
    ...(identity === null ? {} : { engine: create(EngineSchema, identity) }),
    modelDigest: model?.digest ?? "",
    quantization: model?.quantization ?? "",
    loadAverage: conditions?.loadAverage ?? undefined,
    foreignLoadCores: conditions?.foreignLoadCores ?? undefined,
    powerSource: conditions?.powerSource ?? "unknown",
    temperatureCelsius: conditions?.temperatureCelsius ?? undefined,
    contended:
      conditions?.contended === true || samples.some(({ resources }) => resources.contended === true),
    waitedMs: Math.round(conditions?.waitedMs ?? 0),
    managed: ports.managedServer !== undefined,
    serverEnvironment: { ...ports.managedServer?.settings },
  });
}
