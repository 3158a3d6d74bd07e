// After a trial that was stopped for a person: what it could not undo itself is undone, however long the server takes.
import { messageOf } from "@ozone/shared/errors";
import { cleanUpLeftovers } from "../measure/leave-no-trace.ts";
import { readLoadNotes } from "../measure/load-notes.ts";
import { sleep } from "../pause.ts";

const TRY_AGAIN_MS = 1_000;
/** A server in the middle of a large load answers when it has ended. One that takes longer than this is broken. */
const GIVE_UP_MS = 600_000;

/**
 * Unloads and loads again until no note says that something is left to do, each try with limits of its own.
 * @param stop the agent ends: its next start goes on
 * @returns sentences for the log, each once
 */
export async function tidyUp(cacheDir: string, stop: AbortSignal): Promise<string[]> {
  const said = new Set<string>();
  const end = performance.now() + GIVE_UP_MS;
  while (!stop.aborted && performance.now() < end) {
    const left = await readLoadNotes(cacheDir).catch((thrown: unknown) => {
      said.add(`Notes about interrupted trials could not be read: ${messageOf(thrown)}.`);
      return [];
    });
    if (left.length === 0) break;
    for (const sentence of await cleanUpLeftovers(cacheDir)) said.add(sentence);
    if ((await readLoadNotes(cacheDir).catch(() => [])).length > 0) await sleep(TRY_AGAIN_MS, stop);
  }
  return [...said];
}
