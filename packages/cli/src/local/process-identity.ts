// Whether a process that a file names still runs, and is really ours: process numbers are given away again.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { platform } from "node:os";
import { systemCodeOf } from "@ozone/shared/errors";

/** The programs that the command line starts and stops. */
export type ProgramName = "ozone-coordinator" | "ozone-engine" | "ozone-agent";

/** Which process is meant. */
export interface ProcessClaim {
  readonly pid: number;
  readonly program: ProgramName;
  /** The data folder it should work for. */
  readonly folder: string;
}

/** Whether the process runs (a zombie does not) and is the program that is meant, for this data folder. */
export function isRunning({ pid, program, folder }: ProcessClaim): boolean {
  if (!exists(pid)) return false;
  const commandLine = commandLineOf(pid);
  if (commandLine === null) return platform() === "win32";
  return commandLine.includes(program) && worksFor(pid, folder);
}

/** Whether a process of that number runs at all. A zombie does not: it has ended and only waits for its parent. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return platform() !== "linux" || !/\) Z /.test(readProc(pid, "stat") ?? "");
  } catch (thrown) {
    return systemCodeOf(thrown) === "EPERM";
  }
}

/** The words the process was started with; null when they can't be read. */
function commandLineOf(pid: number): string | null {
  if (platform() === "linux") return readProc(pid, "cmdline");
  if (platform() === "win32") return null;
  try {
    return execFileSync("ps", ["-p", String(pid), "-o", "command="], { encoding: "utf8", timeout: 5000 });
  } catch {
    return null; // ps ends with 1 when there is no such process
  }
}

/** Another data folder in its environment makes it someone else's; what can't be read counts as ours. */
function worksFor(pid: number, folder: string): boolean {
  if (platform() !== "linux") return true;
  const variable = readProc(pid, "environ")
    ?.split("\0")
    .find((entry) => entry.startsWith("OZONE_DATA_DIR="));
  return variable === undefined || variable === "OZONE_DATA_DIR=" || variable === `OZONE_DATA_DIR=${folder}`;
}

function readProc(pid: number, file: "cmdline" | "environ" | "stat"): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return null; // it ended meanwhile, or belongs to someone else
  }
}
