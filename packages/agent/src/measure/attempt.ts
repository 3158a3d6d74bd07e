// The journal of one attempt: what was asked and what has been seen so far. Steps write into it; the result is made from it at the end, also when a step has failed.
import type { Configuration, Protocol } from "@ozone/proto/configuration";
import type { TrialOrder } from "@ozone/proto/trial";
import { TrialFailure } from "@ozone/shared/failure";
import { EngineClient } from "../ollama/engine-client.ts";
import type { EngineIdentity, InstalledModel, LoadedModel } from "../ollama/engine-state.ts";
import type { ModelDetails } from "../ollama/model-details.ts";
import type { SampleEvidence } from "./evidence.ts";
import type { OptionProbes } from "./option-probes.ts";
import type { ConditionsReading, TrialPorts } from "./ports.ts";
import { draftOptions, loadOptions } from "./sample-options.ts";
import type { Pace } from "./time-limits.ts";
import type { PromptSource } from "./word-pool.ts";

/** A launch at work: what its steps have in common. */
export interface Launch {
  readonly launch: number;
  /** The last one of the attempt also measures what is measured once. */
  readonly isLast: boolean;
  readonly prompts: PromptSource;
}

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

/** How long the first text of a prompt took to come, on the client's clock. */
export interface PromptWait {
  readonly promptTokens: number;
  readonly ttftMs: number;
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
  /** Main memory available before the first load, in bytes; null before, and where it can't be read. */
  availableBytes: number | null;
  /** Models that were loaded when the attempt began, by others. */
  loadedBefore: readonly LoadedModel[];
  /** Names of those among them that have the same weights, and with them the same runner. */
  sharingRunner: readonly string[];
  /** Whether the model under test is loaded by us. */
  holdsModel: boolean;
  /** Rates of late, for limits. */
  pace: Pace;
  /** Best rates seen, to judge whether a sample can end in time at all. */
  bestPace: Pace;
  /** Best rates of the warm-up. */
  warmUpRates: { prefill: number | null; decode: number | null };
  /** Least time of a batch of a prefill of the warm-up, in milliseconds; null before the first. */
  warmUpBatchMs: number | null;
  /** Least wait for the first text of the warm-up's prompts, and of prompts half as long as a sample's; null before. */
  shortPrompt: PromptWait | null;
  halfPrompt: PromptWait | null;
  /** What trying other options has shown; null when nothing was tried. */
  optionProbes: OptionProbes | null;
  /** Since when the first sample is waited for, on the monotonic clock; null before the first load and after it. */
  proofFromMs: number | null;
  /** Tokens that the server counts beyond the words of a prompt; null before calibration. */
  overheadTokens: number | null;
  /** Whether words were found by which the server's counting can be followed; true before calibration. */
  exactLengths: boolean;
  /** Bytes of text per token in the warm-up; null before. */
  bytesPerToken: number | null;
  /** Bytes of text of each answer of one token. */
  readonly singleTokenBytes: number[];
  /** Least load_duration of a request to the loaded model, in milliseconds; null before the first. */
  warmLoadMs: number | null;
  /** Least time to the first text of a request to the loaded model, in milliseconds; null before the first. */
  warmTtftMs: number | null;
  requests: number;
  /** Rounds so far: requests made at the same time are one. */
  rounds: number;
  /** The prompt that the server has worked on last; null before the first sample. */
  lastPrompt: { readonly text: string; readonly promptTokens: number } | null;
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
    availableBytes: null,
    loadedBefore: [],
    sharingRunner: [],
    holdsModel: false,
    pace: { prefillTokensPerSecond: null, decodeTokensPerSecond: null },
    bestPace: { prefillTokensPerSecond: null, decodeTokensPerSecond: null },
    warmUpRates: { prefill: null, decode: null },
    warmUpBatchMs: null,
    shortPrompt: null,
    halfPrompt: null,
    optionProbes: null,
    proofFromMs: null,
    overheadTokens: null,
    exactLengths: true,
    bytesPerToken: null,
    singleTokenBytes: [],
    warmLoadMs: null,
    warmTtftMs: null,
    requests: 0,
    rounds: 0,
    lastPrompt: null,
  };
}

/** Adds a warning once. */
export function warn(attempt: Attempt, warning: AttemptWarning): void {
  if (!attempt.warnings.some(({ code }) => code === warning.code)) attempt.warnings.push(warning);
}

/** The version of the server; known once the attempt has looked. */
export const versionOf = (attempt: Attempt): string => attempt.identity?.version ?? "";

/** Load-time options that the requests of this attempt say. */
export const loadOptionsOf = (attempt: Attempt): Record<string, number> =>
  attempt.ports.optionsInModel === true
    ? draftOptions(versionOf(attempt))
    : loadOptions(attempt.configuration, versionOf(attempt));
