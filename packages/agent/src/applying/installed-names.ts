// The names of a server and the digests behind them, looked at anew for every step: others may change them too.
import type { EngineClient } from "../ollama/engine-client.ts";
import { fullModelName } from "../ollama/engine-state.ts";

/** One look. */
export interface InstalledNames {
  /** Null: no model has this name. */
  digestOf(name: string): string | null;
}

/** Looks at the server. @throws TrialFailure */
export async function lookAtNames(engine: EngineClient, signal: AbortSignal): Promise<InstalledNames> {
  const installed = await engine.installed(signal);
  const key = (name: string): string => fullModelName(name).toLowerCase();
  const digests = new Map(installed.map(({ name, digest }) => [key(name), digest]));
  return { digestOf: (name) => digests.get(key(name)) ?? null };
}
