// What the handlers work with.
import type { Log } from "../log.ts";
import type { ModelStore, StoredModel } from "../models/model-store.ts";
import type { Scheduler } from "../serving/scheduler.ts";
import type { EngineSettings } from "../settings.ts";
import type { Exchange } from "./exchange.ts";

/** The parts of a running server. */
export interface Services {
  readonly settings: EngineSettings;
  readonly store: ModelStore;
  readonly scheduler: Scheduler<StoredModel>;
  readonly log: Log;
}

/** Answers one request; errors are thrown and answered by the caller. */
export type Handler = (exchange: Exchange, services: Services) => Promise<void> | void;
