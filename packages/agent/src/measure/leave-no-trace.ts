// The end of every attempt, however it went: what we loaded is unloaded, what its user had loaded is loaded again.
// Cleaning up has its own short time, also when the attempt was cancelled or its time is used up.
import { messageOf } from "@ozone/shared/errors";
import { sameModel } from "../ollama/engine-state.ts";
import { type Attempt, warn } from "./attempt.ts";
import { unloadModel } from "./fresh-runner.ts";

/** A server that hangs must not keep the agent. */
const CLEAN_UP_LIMIT_MS = 4_000;

/** Loading the user's model again may take as long as loading does. */
const RESTORE_LIMIT_MS = 300_000;

/** Ollama's own default, as the user's request would have had it. */
const RESTORE_KEEP_ALIVE = "5m";

/** Never throws: what could not be cleaned up becomes a warning. */
export async function leaveNoTrace(attempt: Attempt): Promise<void> {
  if (!attempt.holdsModel) return;
  try {
    await unloadModel(attempt, AbortSignal.timeout(CLEAN_UP_LIMIT_MS));
    await restore(attempt);
  } catch (thrown) {
    warn(attempt, {
      code: "not_cleaned_up",
      message: `${attempt.order.modelName} could not be unloaded or restored after the trial (${messageOf(thrown)}); \`ollama ps\` shows whether it is still loaded.`,
    });
  }
}

async function restore(attempt: Attempt): Promise<void> {
  const before = attempt.loadedBefore.find(({ name }) => sameModel(name, attempt.order.modelName));
  if (before === undefined) return;
  const options = before.contextLength === null ? {} : { num_ctx: before.contextLength };
  await attempt.engine.load(attempt.order.modelName, options, {
    signal: AbortSignal.timeout(RESTORE_LIMIT_MS),
    limitMs: RESTORE_LIMIT_MS,
    keepAlive: RESTORE_KEEP_ALIVE,
  });
}
