// Is this process alive, and is it really the server we think it is? Process ids are reused, so no signal is sent and
// no server is adopted on the strength of a number in a file alone: its command line must name our folder.
import { readFileSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { runCommand } from "./run-command.ts";

/** What the command line of one of our servers must hold. */
export interface ServerIdentity {
  /** File name of the program without extension, such as "postgres"; null when any name will do. */
  program: string | null;
  /** The option and the absolute path that only this server has, such as ["-D", "/data/cluster"]. */
  option: readonly [flag: string, path: string];
}

/** Third field (state) and 22nd field (start time) of Linux's /proc/PID/stat; null elsewhere or when it is gone. */
function procStat(pid: number): { state: string; startTicks: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "?", startTicks: fields[19] ?? "?" };
  } catch {
    return null; // No /proc on this system, or the process is gone: both mean "nothing known".
  }
}

/** True while a process with this id runs. A zombie (ended, not yet collected by its parent) counts as ended. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const state = procStat(pid)?.state;
  return state !== "Z" && state !== "X";
}

/** A mark that changes when the id is given to another process (Linux: start time in ticks); null where unknown. */
export function birthOf(pid: number): string | null {
  return procStat(pid)?.startTicks ?? null;
}

/** The command line of a process, words joined by one space; null when it is gone or can't be read. */
export async function commandLineOf(pid: number): Promise<string | null> {
  if (process.platform === "linux") {
    const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""); // gone, or hidden from us
    return raw === "" ? null : raw.split("\0").join(" ").trimEnd();
  }
  const command =
    process.platform === "win32"
      ? {
          file: "powershell.exe",
          args: [
            "-NoProfile",
            "-Command",
            `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`,
          ],
        }
      : { file: "ps", args: ["-ww", "-o", "command=", "-p", String(pid)] };
  const result = await runCommand({ ...command, timeoutMs: 10_000 }).catch(() => null); // no such tool here
  return result?.code === 0 && result.output.trim() !== "" ? result.output.trim() : null;
}

/** True when a command line (words joined by one space) belongs to the described server. Pure. */
export function matchesIdentity(commandLine: string, identity: ServerIdentity): boolean {
  const [flag, path] = identity.option;
  const at = ` ${commandLine} `;
  const named = at.includes(` ${flag} ${path} `) || at.includes(` ${flag} "${path}" `);
  if (!named || identity.program === null) return named;
  return new RegExp(`[\\\\/"' ]${identity.program}(\\.exe)?["']? `, "i").test(at);
}

/** True when the process runs and its command line is that of the described server. */
export async function isServer(pid: number, identity: ServerIdentity): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const commandLine = await commandLineOf(pid);
  return commandLine !== null && matchesIdentity(commandLine, identity);
}

/** Waits until the process has ended; false when it still runs after `timeoutMs`. */
export async function waitUntilGone(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 5; isAlive(pid); pauseMs = Math.min(pauseMs * 2, 100)) {
    if (performance.now() > deadline) return false;
    await wait(pauseMs);
  }
  return true;
}

/** Ids of the processes whose working folder is `folder` (Linux only, and only those we may look at; else empty). */
export async function processesWithin(folder: string): Promise<number[]> {
  const entries = await readdir("/proc").catch(() => []); // no /proc: nothing can be said
  const found: number[] = [];
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue;
    const cwd = await readlink(`/proc/${entry}/cwd`).catch(() => null); // gone, or belongs to another user
    if (cwd === folder) found.push(Number(entry));
  }
  return found;
}
