// What was seen of one sample: the material of its figures and of its certificate. Nothing here is judged.
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
  readonly launch: number;
  readonly startedAt: Date;
  /** Length of the prompt as made. */
  readonly promptTokens: number;
  readonly numPredict: number;
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
