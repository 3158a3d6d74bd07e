// When somebody last typed into a terminal of this machine: the kernel notes it as the access time of the terminal's
// device file (to 8 seconds), also for logins over ssh. Whose terminal it is, is not looked at.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A clock that was set back makes times of the future; further ahead than this they say nothing. */
const AHEAD_MAX_MS = 60_000;

/** Terminals of windows and logins over ssh, and the consoles. */
function terminalFiles(devRoot: string): string[] | null {
  try {
    const windows = readdirSync(join(devRoot, "pts")).filter((name) => /^\d+$/.test(name));
    const consoles = readdirSync(devRoot).filter((name) => /^tty[1-9]\d*$/.test(name));
    return [
      ...windows.map((name) => join(devRoot, "pts", name)),
      ...consoles.map((name) => join(devRoot, name)),
    ];
  } catch {
    return null; // no such folder: another system, or a closed sandbox
  }
}

function usedAgoMs(file: string, nowMs: number): number | null {
  try {
    const agoMs = nowMs - statSync(file).atimeMs;
    return agoMs < -AHEAD_MAX_MS ? null : Math.max(0, agoMs);
  } catch {
    return null; // closed meanwhile
  }
}

/**
 * How long ago the last input at any terminal was, in milliseconds; Infinity when there is no terminal.
 * @param nowMs epoch milliseconds
 * @returns null where terminals can't be seen
 */
export function terminalUsedAgoMs(nowMs: number, devRoot = "/dev"): number | null {
  const files = terminalFiles(devRoot);
  if (files === null) return null;
  const ages = files.map((file) => usedAgoMs(file, nowMs)).filter((age) => age !== null);
  return Math.min(Number.POSITIVE_INFINITY, ...ages);
}
