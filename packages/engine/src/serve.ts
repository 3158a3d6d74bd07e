// Starts and stops a server: data directory, synthetic models, scheduler, HTTP.
import { fileURLToPath } from "node:url";
import { listen } from "./api/http-server.ts";
import type { Services } from "./api/services.ts";
import { humanBytes } from "./human-numbers.ts";
import type { Log } from "./log.ts";
import { availableBytes } from "./memory/available.ts";
import { estimateMemory } from "./memory/estimate.ts";
import { ModelStore, type StoredModel } from "./models/model-store.ts";
import { ensureSyntheticModels } from "./models/synthetic-models.ts";
import { LoadFailed, type Runner, startRunner } from "./serving/runner-process.ts";
import { Scheduler, type Wanted } from "./serving/scheduler.ts";
import type { EngineSettings } from "./settings.ts";

/** A running server. */
export interface RunningEngine {
  readonly url: string;
  readonly modelNames: readonly string[];
  /** Ends connections and the runner; resolves when both are gone. */
  stop(): Promise<void>;
}

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Starts a server. Rejects if the data directory cannot be used or the port not be had. */
export async function startEngine(
  settings: EngineSettings,
  address: ListenAddress,
  log: Log,
): Promise<RunningEngine> {
  const store = new ModelStore(settings.dataDir);
  await ensureSyntheticModels(store, log);
  log("INFO", settings.flashAttention ? "enabling flash attention" : "flash attention disabled", {
    kv_cache_type: settings.kvCacheType,
    num_parallel: settings.parallel,
  });
  const scheduler = new Scheduler<StoredModel>({
    start: (wanted, signal) => loadRunner(wanted, { settings, log, signal }),
    keepAliveMs: settings.keepAliveMs,
    queueLengthMax: settings.queueLengthMax,
  });
  const services: Services = { settings, store, scheduler, log };
  const http = await listen(services, address);
  return {
    url: http.url,
    modelNames: store.list().map(({ name }) => name),
    stop: async () => {
      await Promise.all([http.close(), scheduler.stop()]);
    },
  };
}

/** The runner's script stands beside this bundle: dist/main.js and dist/runner/main.js. */
const runnerScript = fileURLToPath(new URL("./runner/main.js", import.meta.url));

interface LoadSurroundings {
  readonly settings: EngineSettings;
  readonly log: Log;
  readonly signal: AbortSignal;
}

function loadRunner(
  wanted: Wanted<StoredModel>,
  { settings, log, signal }: LoadSurroundings,
): Promise<Runner> {
  const { model, load } = wanted;
  const { parallel, kvCacheType, flashAttention } = settings;
  const estimate = estimateMemory(model.header, { load, parallel, kvCacheType, flashAttention });
  const available = availableBytes();
  log("INFO", "loading model", { name: model.name, ...load, estimate: humanBytes(estimate.totalBytes) });
  if (estimate.totalBytes > available) {
    const [needs, has] = [humanBytes(estimate.totalBytes), humanBytes(available)];
    throw new LoadFailed(`model requires more system memory (${needs}) than is available (${has})`);
  }
  return startRunner(
    { modelPath: model.path, load, parallel, kvCacheType, flashAttention },
    { script: runnerScript, log, timeoutMs: settings.loadTimeoutMs, signal },
  );
}
