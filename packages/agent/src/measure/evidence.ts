// What was seen of one sample: the material of its figures and of its certificate. Nothing here is judged.
import type { SampleKind } from "@ozone/proto/trial";
import type { InstalledModel, LoadedModel } from "../ollama/engine-state.ts";
import type { StreamRecord } from "../ollama/stream-record.ts";
import type { ResourceReading } from "./ports.ts";

/** The server's state around a sample. */
export interface EngineSnapshot {
  readonly version: string;
  readonly loaded: readonly LoadedModel[];
  readonly installed: readonly InstalledModel[];
}

/** One sample as it was taken. */
export interface SampleEvidence {
  readonly kind: SampleKind;
  readonly launch: number;
  /** Requests that were made at the same time have the same round. */
  readonly round: number;
  /** When the request was to be sent, on the monotonic clock: what a user waits counts from here. */
  readonly intendedAtMs: number;
  readonly startedAt: Date;
  /** Length of the prompt as made. */
  readonly promptTokens: number;
  /** Tokens at its beginning that the server was sent before, on purpose; 0 for a prompt that is new. */
  readonly repeatedTokens: number;
  readonly numPredict: number;
  /** Position of the sample whose fill this one shares; absent for one that filled by itself. */
  readonly fillIndex?: number;
  /** Requests made at the same time, this one included. */
  readonly atOnce: number;
  readonly stream: StreamRecord;
  /** Why the server refused a prompt that fits the context it was asked for; null when it did not. */
  readonly refusal: string | null;
  readonly before: EngineSnapshot;
  readonly after: EngineSnapshot;
  readonly resources: ResourceReading;
  /** Longest time that our own event loop was held up meanwhile, in milliseconds: how late arrival times may be. */
  readonly ownDelayMs: number;
}
