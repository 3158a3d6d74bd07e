// Has the coordinator's own program do what a command is asked for on this machine: keys, the database, passwords and settings
// are its business alone.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { localDataFolder } from "./folder.ts";
import { programPath } from "./launch.ts";
import { lastError, parseLogLine } from "./log-lines.ts";

const WITHIN_MS = 30_000;
const EXIT_USAGE = 2;

/** What is special about a run. */
export interface RunRules {
  /** An exit code other than 0 with which it still prints its document. */
  readonly mayEndWith?: number;
  /** 0: as long as it takes. */
  readonly withinMs?: number;
}

/**
 * The JSON document that it prints.
 * @param words as after `ozone-coordinator`; paths in them have to be absolute
 * @throws OzoneError with that program's last error
 */
export async function runCoordinatorProgram<Document>(
  words: readonly string[],
  { mayEndWith, withinMs = WITHIN_MS }: RunRules = {},
): Promise<Document> {
  const folder = localDataFolder();
  const args = [programPath("ozone-coordinator"), ...words];
  const env = { ...process.env, OZONE_DATA_DIR: folder };
  const where = existsSync(folder) ? { cwd: folder } : {};
  try {
    const options = { env, timeout: withinMs, ...where };
    return JSON.parse((await promisify(execFile)(process.execPath, args, options)).stdout) as Document;
  } catch (thrown) {
    const { stdout, stderr, code } = thrown as { stdout?: unknown; stderr?: unknown; code?: unknown };
    if (mayEndWith !== undefined && code === mayEndWith && String(stdout).startsWith("{"))
      return JSON.parse(String(stdout)) as Document;
    const lines = String(stderr ?? "")
      .split("\n")
      .filter((line) => line.trim() !== "");
    const said = lastError(lines.map(parseLogLine)) ?? messageOf(thrown);
    throw new OzoneError(code === EXIT_USAGE ? "invalid_input" : "unavailable", said, { cause: thrown });
  }
}
