// Has the coordinator's own program do what only it may: keys and the database are its business alone.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { localDataFolder } from "./folder.ts";
import { programPath } from "./launch.ts";
import { lastError, parseLogLine } from "./log-lines.ts";

const EXIT_USAGE = 2;

/**
 * Runs it on this machine's data folder.
 * @param words as after `ozone-coordinator`; paths in them have to be absolute
 * @returns the JSON document that it printed
 * @throws OzoneError with that program's last error
 */
export async function runCoordinatorProgram<Report>(
  words: readonly string[],
  { withinMs }: { withinMs: number },
): Promise<Report> {
  const folder = localDataFolder();
  const args = [programPath("ozone-coordinator"), ...words];
  const env = { ...process.env, OZONE_DATA_DIR: folder };
  const where = existsSync(folder) ? { cwd: folder } : {};
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env,
      timeout: withinMs,
      ...where,
    });
    return JSON.parse(stdout) as Report;
  } catch (thrown) {
    const { stderr, code } = thrown as { stderr?: unknown; code?: unknown };
    const lines = String(stderr ?? "")
      .split("\n")
      .filter((line) => line.trim() !== "");
    const said = lastError(lines.map(parseLogLine)) ?? messageOf(thrown);
    throw new OzoneError(code === EXIT_USAGE ? "invalid_input" : "unavailable", said, { cause: thrown });
  }
}
