// The logs in the data folder stay bounded while the programs run: those that `ozone up` started write to files that it has left,
// and the embedded Postgres does, too. All of them append, so that a file can be emptied behind their backs.
import { copyFileSync, lstatSync, readdirSync, renameSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { LOGS_FOLDER } from "@ozone/shared/data-folder";
import { messageOf, systemCodeOf } from "@ozone/shared/errors";
import { LOG_BYTES_MAX } from "@ozone/shared/limits";
import { startTask } from "./background-task.ts";

const LOOK_INTERVAL_MS = 60_000;

/** Only `ozone up` makes the folder. */
function logsOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".log"))
      .map((name) => join(folder, name));
  } catch (thrown) {
    if (systemCodeOf(thrown) === "ENOENT") return [];
    throw thrown;
  }
}

/** Of a link the link itself is looked at: what it points to is not ours to empty. */
const isTooLarge = (path: string): boolean =>
  (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX;

/**
 * Copies a log to PATH.1 and empties it. Without a pause in between, so that no line of this program is lost; one that another
 * program writes in these milliseconds may be.
 */
function setAside(path: string): void {
  const draft = `${path}.1.draft`;
  try {
    copyFileSync(path, draft);
    renameSync(draft, `${path}.1`);
  } catch (thrown) {
    rmSync(draft, { force: true });
    throw thrown;
  }
  truncateSync(path);
}

/**
 * Looks once a minute, first now.
 * @param say told in one sentence of a log that can't be set aside, once until it can
 * @returns how to stop it
 */
export function startBoundingLogs(dataDir: string, say: (sentence: string) => void): () => Promise<void> {
  const told = new Set<string>();
  /** What fails is told of once and tried again at the next look: a full disk must not be filled with words about it. */
  function attempt<Value>(path: string, work: () => Value): Value | null {
    try {
      const value = work();
      told.delete(path);
      return value;
    } catch (thrown) {
      const advice = "make room, or give it to the coordinator's user";
      if (!told.has(path)) say(`${path} can't be kept small (${messageOf(thrown)}); ${advice}.`);
      told.add(path);
      return null;
    }
  }
  const folder = join(dataDir, LOGS_FOLDER);
  const task = startTask({
    name: "logs",
    intervalMs: LOOK_INTERVAL_MS,
    onError: (_, thrown) => say(messageOf(thrown)),
    run: async () => {
      const logs = attempt(folder, () => logsOf(folder)) ?? [];
      for (const path of [...logs, join(dataDir, "postgres.log")])
        attempt(path, () => (isTooLarge(path) ? setAside(path) : undefined));
      return false;
    },
  });
  return () => task.stop();
}
