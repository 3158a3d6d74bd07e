// What the parts of one scripted server share.
import type { ModelStore } from "./model-store.ts";
import type { SamplePace } from "./pace.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Script } from "./script.ts";

/** One running scripted server. */
export interface World {
  /** The script in force now; it may change between two requests. */
  script: Script;
  readonly store: ModelStore;
  readonly scheduler: Scheduler;
  /** Gives the next generation its pace. */
  nextPace: (promptTokens: number) => SamplePace;
  /** Noise, seeded by the script. */
  noise: Random;
  /** Generations so far that were large enough to be samples. */
  samplesBegun: number;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
}

/** A request as the server saw it. */
export interface RecordedRequest {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  /** Parsed JSON; undefined for other bodies. */
  readonly body: unknown;
  /** The number of the sample that it was, counted from 1. */
  sample?: number;
}
