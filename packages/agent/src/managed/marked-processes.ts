// The processes of one managed server: found by the mark in their environment, which no other process carries, so that
// neither a process number that was given away again nor the user's own server is ever ended by mistake.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "@ozone/shared/errors";
import { onPlatform } from "@ozone/shared/platform";
import { findListener } from "../machine/listening-port.ts";
import { listPids } from "../machine/process-tree.ts";
import { MARK } from "./environment.ts";

/** What is known of a managed server's process. */
export interface ServerProcess {
  readonly mark: string;
  readonly port: number;
  /** Null: it may not have been started at all. */
  readonly pid: number | null;
}

const canSeeMarks = onPlatform(process.platform, { linux: true, macos: false, windows: false, other: false });

/** Process ids that carry the mark; zombies and other users' processes don't. Empty off Linux. */
export function markedPids(mark: string, procRoot = "/proc"): number[] {
  if (!canSeeMarks) return [];
  const wanted = `${MARK}=${mark}`;
  return listPids(procRoot)
    .filter((pid) =>
      read(join(procRoot, pid, "environ"))
        .split("\0")
        .includes(wanted),
    )
    .map(Number);
}

/**
 * The processes of a managed server that still run: those with its mark. Where marks can't be seen, the one that was
 * started, as long as it listens on the port that it was given.
 */
export async function remaining({ mark, port, pid }: ServerProcess): Promise<number[]> {
  if (canSeeMarks) return markedPids(mark);
  return pid !== null && (await findListener(port)).pid === pid ? [pid] : [];
}

/** Sends a signal; a process that is gone already is none to worry about. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  // Where marks show every process each has its own turn; else the group that the server leads gets it.
  const target = onPlatform(process.platform, { linux: pid, macos: -pid, windows: pid, other: -pid });
  try {
    process.kill(target, signal);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== "ESRCH") throw thrown;
  }
}

/** Kills a process and the group that it leads, without waiting: for the last moment of this process. */
export function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, "SIGKILL");
    } catch {
      // gone already, or a system without groups
    }
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it ended meanwhile, or belongs to another user: then it is not ours
  }
}
