// Has the coordinator's own program do what `ozone certificate` is asked for: keys are its business alone.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import type { CertificateReport } from "@ozone/shared/certificate-report";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { localDataFolder } from "./folder.ts";
import { programPath } from "./launch.ts";
import { lastError, parseLogLine } from "./log-lines.ts";

const WITHIN_MS = 30_000;
const EXIT_USAGE = 2;

/** @throws OzoneError with that program's last error. */
export async function runCertificateCommand(
  action: "make" | "show" | "rotate",
  names: readonly string[] = [],
): Promise<CertificateReport> {
  const folder = localDataFolder();
  const words = names.flatMap((name) => ["--name", name]);
  const args = [programPath("ozone-coordinator"), "certificate", action, ...words];
  const env = { ...process.env, OZONE_DATA_DIR: folder };
  const where = existsSync(folder) ? { cwd: folder } : {};
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env,
      timeout: WITHIN_MS,
      ...where,
    });
    return JSON.parse(stdout) as CertificateReport;
  } catch (thrown) {
    const { stderr, code } = thrown as { stderr?: unknown; code?: unknown };
    const lines = String(stderr ?? "")
      .split("\n")
      .filter((line) => line.trim() !== "");
    const said = lastError(lines.map(parseLogLine)) ?? messageOf(thrown);
    throw new OzoneError(code === EXIT_USAGE ? "invalid_input" : "unavailable", said, { cause: thrown });
  }
}
