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

/** Ollama's own default, as the user's request would have had it. */
const RESTORE_KEEP_ALIVE = "5m";

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

function noteOf({ engine, order, loadedBefore }: Attempt): LoadNote {
  const before = loadedBefore.find(({ name }) => sameModel(name, order.modelName));
  return {
    engineUrl: engine.url,
    model: order.modelName,
    restore: before === undefined ? null : { numCtx: before.contextLength },
  };
}

/** Never throws: what could not be cleaned up becomes a warning, and its note stays. */
export async function leaveNoTrace(attempt: Attempt): Promise<void> {
  if (attempt.ports.managedServer !== undefined) return;
  try {
    if (attempt.holdsModel) await unloadModel(attempt, AbortSignal.timeout(CLEAN_UP_LIMIT_MS));
    const note = noteOf(attempt);
    if (attempt.loads.length > 0) await restore(attempt.engine, note);
    await forgetLoadNote(attempt.ports.cacheDir, note);
  } catch (thrown) {
    warn(attempt, {
      code: "not_cleaned_up",
      message: `${attempt.order.modelName} could not be unloaded or restored after the trial (${messageOf(thrown)}); \`ollama ps\` shows whether it is still loaded.`,
    });
  }
}

async function restore(engine: EngineClient, { model, restore: wanted }: LoadNote): Promise<void> {
  if (wanted === null) return;
  const options: Record<string, number> = wanted.numCtx === null ? {} : { num_ctx: wanted.numCtx };
  await engine.load(model, options, {
    signal: AbortSignal.timeout(RESTORE_LIMIT_MS),
    limitMs: RESTORE_LIMIT_MS,
    keepAlive: RESTORE_KEEP_ALIVE,
  });
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
  const notes = await readLoadNotes(cacheDir).catch((thrown: unknown) => {
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
