// Whether a process that a file names still runs, and is really ours: process numbers are given away again.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { systemCodeOf } from "@ozone/shared/errors";
import { onPlatform } from "@ozone/shared/platform";

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
  if (commandLine === null) return !canTellCommands();
  return commandLine.includes(program) && worksFor(pid, folder);
}

/** Whether a process of that number runs at all. A zombie does not: it has ended and only waits for its parent. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readProc(pid, "stat") ?? "");
  } catch (thrown) {
    return systemCodeOf(thrown) === "EPERM";
  }
}

/** Windows shows the command line of a process to its tools only, which take seconds to start. */
const canTellCommands = (platform: string = process.platform): boolean =>
  onPlatform(platform, { linux: true, macos: true, windows: false, other: true });

/** The words the process was started with; null when they can't be read. */
const commandLineOf = (pid: number, platform: string = process.platform): string | null =>
  onPlatform<() => string | null>(platform, {
    linux: () => readProc(pid, "cmdline"),
    macos: () => askPs(pid),
    windows: () => null,
    other: () => askPs(pid),
  })();

function askPs(pid: number): string | null {
  try {
    return execFileSync("ps", ["-p", String(pid), "-o", "command="], { encoding: "utf8", timeout: 5000 });
  } catch {
    return null; // ps ends with 1 when there is no such process
  }
}

/** Another data folder in its environment makes it someone else's; what can't be read counts as ours. */
function worksFor(pid: number, folder: string): boolean {
  const variable = readProc(pid, "environ")
    ?.split("\0")
    .find((entry) => entry.startsWith("OZONE_DATA_DIR="));
  return variable === undefined || variable === "OZONE_DATA_DIR=" || variable === `OZONE_DATA_DIR=${folder}`;
}

/** A file of Linux's /proc; null where there is none. */
function readProc(pid: number, file: "cmdline" | "environ" | "stat"): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return null; // it ended meanwhile, or belongs to someone else
  }
}
