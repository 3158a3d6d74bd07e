// All that is known when a sample is certified: its own evidence, and the attempt around it.
import type { Configuration } from "@ozone/proto/configuration";
import type { InstalledModel, LoadedModel } from "../../ollama/engine-state.ts";
import type { ModelDetails } from "../../ollama/model-details.ts";
import type { Load, PromptWait } from "../attempt.ts";
import type { SampleEvidence } from "../evidence.ts";
import type { OptionProbes } from "../option-probes.ts";
import type { ConditionsReading, LoggedSettings, MachineIdentity } from "../ports.ts";
import type { ServerFigures, Timings } from "../timings.ts";

/** A sample with what follows from it. */
export interface SampleFacts {
  readonly evidence: SampleEvidence;
  readonly figures: ServerFigures;
  readonly timings: Timings;
}

/** What this model does on this machine with short prompts; rates in tokens per second. */
export interface WarmUpFacts {
  readonly prefill: number | null;
  readonly decode: number | null;
  /** Least time of the server's for a batch of one of its prompts, in milliseconds. */
  readonly batchMs: number | null;
  /** Bytes of text per token; null when no answer of the warm-up came token by token. */
  readonly bytesPerToken: number | null;
  /** Bytes of text of a token, the median over answers of one token; null when there was none. */
  readonly singleTokenBytes: number | null;
  /** Least load_duration of a request to the loaded model, in milliseconds; null before the first. */
  readonly loadMs: number | null;
}

/** The attempt around the samples. */
export interface AttemptFacts {
  /** Waits for the first text of shorter prompts; null where they were not measured. */
  readonly shortPrompt: PromptWait | null;
  readonly halfPrompt: PromptWait | null;
  readonly configuration: Configuration;
  readonly model: InstalledModel;
  readonly details: ModelDetails;
  readonly machine: MachineIdentity;
  readonly engineVersion: string;
  readonly loads: readonly Load[];
  readonly loadedBefore: readonly LoadedModel[];
  readonly conditions: ConditionsReading | null;
  readonly warmUp: WarmUpFacts;
  /** Null when every option could be seen, or the attempt ended before. */
  readonly optionProbes: OptionProbes | null;
  /** What the log of a managed server says; null where nobody reads one. */
  readonly logged: LoggedSettings | null;
  /** Tokens that the server counts beyond the words of a prompt; null before calibration. */
  readonly overheadTokens: number | null;
  /** False when no words were found by which the server's counting can be followed. */
  readonly exactLengths: boolean;
  /** Every sample of the attempt, the one under judgement included. */
  readonly samples: readonly SampleFacts[];
}

/** The load of the launch a sample belongs to. */
export const loadOf = (attempt: AttemptFacts, { evidence }: SampleFacts): Load | undefined =>
  attempt.loads.find(({ launch }) => launch === evidence.launch);

/** "12.3 ms": for details. */
export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;

/** Nanoseconds as milliseconds. */
export const nsToMs = (nanoseconds: number): number => nanoseconds / 1e6;
