// `ozone down`: stops what `up` started, in reverse order, then whatever a killed coordinator left behind.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { programPath } from "./launch.ts";
import { lastError, parseLogLine } from "./log-lines.ts";
import type { ProgramName } from "./process-identity.ts";
import { readAgentRunFile, readCoordinatorRunFile, readEngineRunFile, removeRunFile } from "./run-files.ts";
import { withStackLock } from "./stack-lock.ts";
import type { StackOptions } from "./stack-options.ts";
import { type StopOutcome, stopProcess } from "./stop-process.ts";

const LEFTOVERS_MS = 60_000;

/** One program and how its end went. */
export interface Stopped {
  readonly name: "agent" | "engine" | "coordinator";
  readonly outcome: StopOutcome;
}

const ORDER = [
  { name: "agent", program: "ozone-agent", read: readAgentRunFile },
  { name: "engine", program: "ozone-engine", read: readEngineRunFile },
  { name: "coordinator", program: "ozone-coordinator", read: readCoordinatorRunFile },
] as const satisfies readonly {
  name: Stopped["name"];
  program: ProgramName;
  read: (folder: string) => { pid: number } | null;
}[];

/** Stops everything of this data folder; when nothing runs, that is no error. */
export async function takeDown(options: StackOptions): Promise<Stopped[]> {
  const { folder } = options;
  if (!existsSync(folder)) return ORDER.map(({ name }) => ({ name, outcome: "not running" }));
  return withStackLock(folder, options, async () => {
    const stopped: Stopped[] = [];
    for (const { name, program, read } of ORDER) {
      const runFile = read(folder);
      const outcome = runFile
        ? await stopProcess({ pid: runFile.pid, program, folder }, options)
        : "not running";
      if (runFile) removeRunFile(folder, name);
      stopped.push({ name, outcome });
    }
    await stopLeftovers(folder);
    return stopped;
  });
}

/**
 * Has the coordinator's own program stop a database and a bus whose coordinator was killed.
 * @throws OzoneError with that program's last error.
 */
export async function stopLeftovers(folder: string): Promise<void> {
  const args = [programPath("ozone-coordinator"), "stop-leftovers"];
  const env = { ...process.env, OZONE_DATA_DIR: folder };
  try {
    await promisify(execFile)(process.execPath, args, { env, timeout: LEFTOVERS_MS, cwd: folder });
  } catch (thrown) {
    const { stderr } = thrown as { stderr?: unknown };
    const lines = String(stderr ?? "")
      .split("\n")
      .filter((line) => line.trim() !== "");
    const why = lastError(lines.map(parseLogLine)) ?? messageOf(thrown);
    const message = `Could not stop what the coordinator may have left behind: ${why}`;
    throw new OzoneError("internal", message, { cause: thrown });
  }
}
