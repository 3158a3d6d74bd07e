// The journal of one attempt: what was asked, what has been seen so far, and the one way to ask the server for tokens.
// Steps write into it; the result is made from it at the end, also when a step has failed.
import type { Configuration, Protocol } from "@ozone/proto/configuration";
import type { TrialOrder } from "@ozone/proto/trial";
import { TrialFailure } from "@ozone/shared/failure";
import { formatDuration } from "@ozone/shared/units";
import { EngineClient } from "../ollama/engine-client.ts";
import type { EngineIdentity, InstalledModel, LoadedModel } from "../ollama/engine-state.ts";
import type { ModelDetails } from "../ollama/model-details.ts";
import type { StreamRecord } from "../ollama/stream-record.ts";
import type { SampleEvidence } from "./evidence.ts";
import type { OptionProbes } from "./option-probes.ts";
import type { ConditionsReading, TrialPorts } from "./ports.ts";
import { loadOptions, requestOptions } from "./sample-options.ts";
import {
  type AttemptTime,
  bestPaceAfter,
  leastMs,
  type Pace,
  paceAfter,
  proofLimitMs,
  type RequestSize,
  requestLimitMs,
} from "./time-limits.ts";
import { serverFiguresOf, timingsOf } from "./timings.ts";

/** A fresh load of the model. */
export interface Load {
  readonly launch: number;
  /** Client's clock, request to first token of a one-token answer, in milliseconds. */
  readonly clientMs: number;
  /** load_duration of that answer, in milliseconds; null when the server gave none. */
  readonly serverMs: number | null;
  /** /api/ps right after. */
  readonly state: LoadedModel;
}

/** Something a reader of the numbers should know. */
export interface AttemptWarning {
  readonly code: string;
  readonly message: string;
}

/** Everything known about an attempt so far. */
export interface Attempt {
  readonly order: TrialOrder;
  readonly configuration: Configuration;
  readonly protocol: Protocol;
  readonly ports: TrialPorts;
  readonly engine: EngineClient;
  readonly startedAt: Date;
  readonly startedAtMs: number;
  readonly limitMs: number;
  readonly samples: SampleEvidence[];
  readonly loads: Load[];
  readonly warnings: AttemptWarning[];
  identity: EngineIdentity | null;
  model: InstalledModel | null;
  details: ModelDetails | null;
  conditions: ConditionsReading | null;
  /** Models that were loaded when the attempt began, by others. */
  loadedBefore: readonly LoadedModel[];
  /** Whether the model under test is loaded by us. */
  holdsModel: boolean;
  /** Rates of late, for limits. */
  pace: Pace;
  /** Best rates seen, to judge whether a sample can end in time at all. */
  bestPace: Pace;
  /** Best rates of the warm-up. */
  warmUpRates: { prefill: number | null; decode: number | null };
  /** What trying other options has shown; null when nothing was tried. */
  optionProbes: OptionProbes | null;
  /** Since when the first sample is waited for, on the monotonic clock; null before the first load and after it. */
  proofFromMs: number | null;
  /** Tokens that the server counts beyond the words of a prompt; null before calibration. */
  overheadTokens: number | null;
  /** Bytes of text per token in the warm-up; null before. */
  bytesPerToken: number | null;
  /** Least load_duration of a request to the loaded model, in milliseconds; null before the first. */
  warmLoadMs: number | null;
  requests: number;
}

/** Overall limit of an order that names none. */
const ATTEMPT_LIMIT_MS = 600_000;

/** Opens the journal. @throws TrialFailure internal for an order without configuration or protocol */
export function openAttempt(order: TrialOrder, ports: TrialPorts): Attempt {
  const { configuration, protocol } = order;
  if (configuration === undefined || protocol === undefined) {
    throw new TrialFailure("internal", `The order ${order.trialId} has no configuration or no protocol.`);
  }
  return {
    order,
    configuration,
    protocol,
    ports,
    engine: new EngineClient(ports.engineUrl),
    startedAt: new Date(),
    startedAtMs: performance.now(),
    limitMs: protocol.limitMs > 0 ? protocol.limitMs : ATTEMPT_LIMIT_MS,
    samples: [],
    loads: [],
    warnings: [],
    identity: null,
    model: null,
    details: null,
    conditions: null,
    loadedBefore: [],
    holdsModel: false,
    pace: { prefillTokensPerSecond: null, decodeTokensPerSecond: null },
    bestPace: { prefillTokensPerSecond: null, decodeTokensPerSecond: null },
    warmUpRates: { prefill: null, decode: null },
    optionProbes: null,
    proofFromMs: null,
    overheadTokens: null,
    bytesPerToken: null,
    warmLoadMs: null,
    requests: 0,
  };
}

/** Adds a warning once. */
export function warn(attempt: Attempt, warning: AttemptWarning): void {
  if (!attempt.warnings.some(({ code }) => code === warning.code)) attempt.warnings.push(warning);
}

/** Time used and left: of the whole attempt, and until the first sample has to be there. */
export function timeOf(attempt: Attempt): AttemptTime {
  const now = performance.now();
  const remainingMs = attempt.limitMs - (now - attempt.startedAtMs);
  if (attempt.proofFromMs === null) return { limitMs: attempt.limitMs, remainingMs };
  const proofMs = proofLimitMs(attempt.configuration.numCtx, attempt.bestPace, {
    bandwidthBytesPerSecond: attempt.ports.machine.memoryBandwidthBytesPerSecond,
    weightBytesPerToken: attempt.details?.weightBytesPerToken ?? 0,
  });
  return {
    limitMs: attempt.limitMs,
    remainingMs: Math.min(remainingMs, proofMs - (now - attempt.proofFromMs)),
  };
}

/** The version of the server; known once the attempt has looked. */
export const versionOf = (attempt: Attempt): string => attempt.identity?.version ?? "";

/** Load-time options of this attempt. */
export const loadOptionsOf = (attempt: Attempt): Record<string, number> =>
  loadOptions(attempt.configuration, versionOf(attempt));

/** One question to the loaded model. */
export interface Question {
  readonly prompt: string;
  /** Expected length of the prompt in tokens; only for the time limit. */
  readonly promptTokens: number;
  readonly numPredict: number;
  /** Requests that are made at the same time, this one included. */
  readonly atOnce?: number;
}

/**
 * Asks the loaded model, within a limit that follows from the rates so far.
 * @throws TrialFailure
 */
export async function ask(attempt: Attempt, question: Question): Promise<StreamRecord> {
  requireTime(attempt, question);
  attempt.requests += 1;
  const { prompt, promptTokens, numPredict, atOnce = 1 } = question;
  const options = requestOptions(loadOptionsOf(attempt), { numPredict, seed: attempt.requests });
  const limitMs = requestLimitMs(question, attempt.pace, { ...timeOf(attempt), atOnce });
  const record = await attempt.engine.generate(
    { model: attempt.order.modelName, prompt, options, phase: "run" },
    { signal: attempt.ports.signal, limitMs },
  );
  if (record.done !== null) {
    attempt.warmLoadMs = Math.min(attempt.warmLoadMs ?? Infinity, serverFiguresOf(record.done).loadNs / 1e6);
  }
  const { ttftMs, spanMs } = timingsOf(record);
  const chunks = record.textTimesMs.length;
  // Requests that share the server say nothing about one that has it alone.
  if (atOnce === 1) {
    const answer = { promptTokens, ttftMs, spanMs, chunks };
    attempt.pace = paceAfter(attempt.pace, answer);
    attempt.bestPace = bestPaceAfter(attempt.bestPace, answer);
  }
  return record;
}

/** Whether a request can end in the time that is left, at the best rates seen so far. */
export function canEndInTime(attempt: Attempt, size: RequestSize): boolean {
  const { remainingMs } = timeOf(attempt);
  const expected = leastMs(size, attempt.bestPace);
  return remainingMs > 0 && (expected === null || expected <= remainingMs);
}

/**
 * Gives up before a request that can't end in time at the best rates seen so far.
 * @throws TrialFailure request_timeout
 */
export function requireTime(attempt: Attempt, size: RequestSize): void {
  const { remainingMs } = timeOf(attempt);
  if (canEndInTime(attempt, size)) return;
  const expected = leastMs(size, attempt.bestPace);
  const spentMs = performance.now() - attempt.startedAtMs;
  const why =
    expected === null || remainingMs <= 0
      ? `The time for this context is used up after ${formatDuration(spentMs)}.`
      : `At the best rates seen so far ${size.promptTokens} + ${size.numPredict} tokens take ${formatDuration(expected)}, and ${formatDuration(remainingMs)} are left.`;
  throw new TrialFailure(
    "request_timeout",
    `${why} The server hangs or drips, or the context is too large for this machine; use a smaller num_ctx or a longer time limit.`,
  );
}
