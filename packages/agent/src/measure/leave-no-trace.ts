// The end of every attempt, however it went: what we loaded is unloaded, what its user had loaded is loaded again.
// A note on disk says so while it lasts, so that the next start can do it for an agent that was killed.
import { messageOf } from "@ozone/shared/errors";
import { endLeftServers } from "../managed/end-server.ts";
import { EngineClient } from "../ollama/engine-client.ts";
import { sameModel } from "../ollama/engine-state.ts";
import { type Attempt, warn } from "./attempt.ts";
import { unloadModel } from "./fresh-runner.ts";
import { forgetLoadNote, type LoadNote, readLoadNotes, writeLoadNote } from "./load-notes.ts";

/** A server that hangs must not keep the agent. */
const CLEAN_UP_LIMIT_MS = 4_000;

/** Loading the user's model again may take as long as loading does. */
const RESTORE_LIMIT_MS = 300_000;

/** Ollama's own default: a user's model is kept for at least as long. */
const KEEP_ALIVE_MIN_MS = 300_000;

/** Ollama shows "for ever" as some 290 years. */
const FOREVER_MS = 10 * 365 * 86_400_000;

/** What is left of a model's keep-alive, in Ollama's form. */
export function keepAliveLeft(expiresAtMs: number | null, nowMs: number): string {
  const leftMs = Math.max(KEEP_ALIVE_MIN_MS, (expiresAtMs ?? 0) - nowMs);
  return leftMs > FOREVER_MS ? "-1s" : `${Math.ceil(leftMs / 1000)}s`;
}

/** To be called before the first load: from here on there is something to clean up. */
export async function promiseToLeaveNoTrace(attempt: Attempt): Promise<void> {
  // What is loaded on a managed server goes with it, and so does its note.
  if (attempt.ports.managedServer !== undefined) return;
  const problem = await writeLoadNote(attempt.ports.cacheDir, noteOf(attempt));
  if (problem === null) return;
  warn(attempt, {
    code: "cache_not_written",
    message: `A note about the loaded model could not be written (${problem}); after a kill the model stays loaded until its keep-alive ends.`,
  });
}

function noteOf({ engine, order, loadedBefore, sharingRunner }: Attempt): LoadNote {
  const now = Date.now();
  // A model that we have not unloaded, and whose time has run out meanwhile, is as its user left it.
  const wanted = loadedBefore.filter(
    ({ name, expiresAtMs }) => sharingRunner.includes(name) || expiresAtMs === null || expiresAtMs > now,
  );
  return {
    engineUrl: engine.url,
    model: order.modelName,
    restore: wanted.map(({ name, contextLength, expiresAtMs }) => ({
      model: name,
      numCtx: contextLength,
      keepAlive: keepAliveLeft(expiresAtMs, now),
    })),
  };
}

/** Never throws: what could not be cleaned up becomes a warning, and its note stays. */
export async function leaveNoTrace(attempt: Attempt): Promise<void> {
  if (attempt.ports.managedServer !== undefined) return;
  try {
    if (attempt.holdsModel) await unloadModel(attempt, AbortSignal.timeout(CLEAN_UP_LIMIT_MS));
    const note = noteOf(attempt);
    noteEvicted(attempt, await restore(attempt.engine, note));
    await forgetLoadNote(attempt.ports.cacheDir, note);
  } catch (thrown) {
    warn(attempt, {
      code: "not_cleaned_up",
      message: `${attempt.order.modelName} could not be unloaded or restored after the trial (${messageOf(thrown)}); \`ollama ps\` shows whether it is still loaded.`,
    });
  }
}

function noteEvicted(attempt: Attempt, restored: readonly string[]): void {
  const evicted = restored.filter((name) => !attempt.sharingRunner.includes(name));
  if (evicted.length === 0) return;
  warn(attempt, {
    code: "other_model_evicted",
    message: `The server unloaded ${evicted.join(", ")} to make room for ${attempt.order.modelName}; it was loaded again at the end.`,
  });
}

/**
 * Loads again what we have unloaded, and what the server has unloaded to make room for us.
 * @returns the names of what was loaded
 */
async function restore(engine: EngineClient, { restore: wanted }: LoadNote): Promise<string[]> {
  if (wanted.length === 0) return [];
  const loaded = await engine.loaded(AbortSignal.timeout(CLEAN_UP_LIMIT_MS));
  const missing = wanted.filter(({ model }) => !loaded.some(({ name }) => sameModel(name, model)));
  for (const { model, numCtx, keepAlive } of missing) {
    await engine.load(model, numCtx === null ? {} : { num_ctx: numCtx }, {
      signal: AbortSignal.timeout(RESTORE_LIMIT_MS),
      limitMs: RESTORE_LIMIT_MS,
      keepAlive,
    });
  }
  return missing.map(({ model }) => model);
}

/**
 * Cleans up after an agent that was killed: ends the servers that it had started, unloads what it had loaded, loads
 * again what it had unloaded. Call it while the host lock is held, before the first trial.
 * @returns a sentence for each thing that was done or could not be done
 */
export async function cleanUpLeftovers(cacheDir: string): Promise<string[]> {
  const said = await endLeftServers(cacheDir).catch((thrown: unknown) => [
    `Notes about managed servers could not be read: ${messageOf(thrown)}.`,
  ]);
  const notes = await readLoadNotes(cacheDir, (problem) => said.push(problem)).catch((thrown: unknown) => {
    said.push(`Notes about interrupted trials could not be read: ${messageOf(thrown)}.`);
    return [];
  });
  for (const note of notes) {
    const engine = new EngineClient(note.engineUrl);
    try {
      const signal = AbortSignal.timeout(CLEAN_UP_LIMIT_MS);
      const loaded = await engine.loaded(signal);
      if (loaded.some(({ name }) => sameModel(name, note.model))) await engine.unload(note.model, signal);
      await restore(engine, note);
      await forgetLoadNote(cacheDir, note);
      said.push(`${note.model} was left loaded by a trial that was interrupted; it was cleaned up.`);
    } catch (thrown) {
      said.push(`${note.model} at ${note.engineUrl} could not be cleaned up: ${messageOf(thrown)}`);
    }
  }
  return said;
}
