// The result of an attempt, from its journal: figures and certificate of each sample, the verdict, the conditions.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { EngineSchema, Provenance } from "@ozone/proto/machine";
import {
  ConditionsSchema,
  ContextUseSchema,
  FailureSchema,
  MemorySchema,
  type Sample,
  type TrialResult,
  TrialResultSchema,
  Verdict,
  WarningSchema,
} from "@ozone/proto/trial";
import { isFilled } from "@ozone/shared/configuration";
import type { TrialFailure } from "@ozone/shared/failure";
import { provenanceOf } from "@ozone/shared/provenance";
import { isFilledSample } from "@ozone/shared/sample-kinds";
import type { Attempt } from "./attempt.ts";
import { conclusionsOf } from "./conclusions.ts";
import type { SampleEvidence } from "./evidence.ts";
import { sampleMessages } from "./sample-messages.ts";

/** Makes the result. `failure` is what ended the attempt early, or null. */
export function resultOf(attempt: Attempt, failure: TrialFailure | null): TrialResult {
  const samples = sampleMessages(attempt);
  const { warnings, ...conclusions } = conclusionsOf(attempt, samples);
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
    ...conclusions,
    context: contextOf(attempt, samples.filter(isFilledSample)),
    loadMs: attempt.loads.map(({ clientMs }) => clientMs),
    memory: memoryOf(attempt),
    conditions: conditionsOf(attempt),
    warnings: [...attempt.warnings, ...warnings].map((warning) => create(WarningSchema, warning)),
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

type Seen = number | null | undefined;

const known = (values: readonly Seen[]): number[] => values.filter((value) => typeof value === "number");

const highest = (values: readonly Seen[]): number | undefined =>
  known(values).length === 0 ? undefined : Math.max(...known(values));

const lowest = (values: readonly Seen[]): number | undefined =>
  known(values).length === 0 ? undefined : Math.min(...known(values));

const big = (value: Seen): bigint | undefined =>
  value === null || value === undefined ? undefined : BigInt(Math.round(value));

/** Each once: requests of a round share theirs. */
const readingsOf = (samples: readonly SampleEvidence[]) => [
  ...new Set(samples.map(({ resources }) => resources)),
];

function memoryOf({ loads, samples, availableBytes, ports }: Attempt) {
  const state = loads[loads.length - 1]?.state;
  const seen = readingsOf(samples);
  return create(MemorySchema, {
    sizeBytes: big(state?.sizeBytes),
    sizeVramBytes: big(state?.sizeVramBytes),
    peakPssBytes: big(highest(seen.map((one) => one.peakPssBytes))),
    peakVramBytes: big(highest(seen.map((one) => one.peakVramBytes))),
    availableBytes: big(availableBytes),
    leastAvailableBytes: big(lowest(seen.map((one) => one.leastAvailableBytes))),
    vramBytes: big(ports.machine.vramBytes),
  });
}

function conditionsOf({ identity, model, conditions, samples, ports }: Attempt) {
  const seen = readingsOf(samples);
  const clocks = known(seen.map((one) => one.clockMhz));
  const clockMhz =
    clocks.length === 0 ? conditions?.clockMhz : clocks.reduce((sum, mhz) => sum + mhz, 0) / clocks.length;
  const watched = known(seen.map((one) => one.watchingMs));
  return create(ConditionsSchema, {
    ...(identity === null ? {} : { engine: create(EngineSchema, identity) }),
    modelDigest: model?.digest ?? "",
    quantization: model?.quantization ?? "",
    loadAverage: conditions?.loadAverage ?? undefined,
    foreignLoadCores: conditions?.foreignLoadCores ?? undefined,
    powerSource: conditions?.powerSource ?? "unknown",
    temperatureCelsius: conditions?.temperatureCelsius ?? undefined,
    peakTemperatureCelsius: highest(seen.map((one) => one.peakTemperatureCelsius)),
    clockMhz: clockMhz ?? undefined,
    driver: ports.machine.driver ?? "",
    contended:
      conditions?.contended === true || samples.some(({ resources }) => resources.contended === true),
    waitedMs: Math.round(conditions?.waitedMs ?? 0),
    watchingMs: watched.length === 0 ? undefined : watched.reduce((sum, ms) => sum + ms, 0),
    managed: ports.managedServer !== undefined,
    serverEnvironment: { ...ports.managedServer?.settings },
  });
}
