// Which processes there are and which of them belong to us, from /proc. Ozone's own process tree is never foreign load.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { hasProc } from "./proc.ts";
import { askProcesses } from "./system-information.ts";

/** One process. `cpuTicks` counts its own time and that of the children it has waited for, in 1/100 s. */
export type ProcessEntry = { pid: number; parentPid: number; cpuTicks: number };

/** Half a millisecond of reading at a time. */
const PROCESSES_PER_TURN = 25;

/** Unit of CPU times in /proc on every architecture that Node runs on (USER_HZ). */
export const TICKS_PER_SECOND = 100;

/**
 * Parses /proc/PID/stat. The name in it may contain spaces and parentheses, so fields count from its last ")".
 * @returns null for what is no such line
 */
export function parseProcessStat(text: string): ProcessEntry | null {
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [parentPid, user, system, childUser, childSystem] = [1, 11, 12, 13, 14].map((i) => Number(fields[i]));
  if (!Number.isInteger(pid) || !Number.isInteger(parentPid) || parentPid === undefined) return null;
  const cpuTicks = (user ?? 0) + (system ?? 0) + (childUser ?? 0) + (childSystem ?? 0);
  return Number.isFinite(cpuTicks) ? { pid, parentPid, cpuTicks } : null;
}

/** The given processes and all their descendants. Pure; survives cycles, which a race in reading can produce. */
export function treeOf(
  roots: readonly number[],
  processes: readonly Pick<ProcessEntry, "pid" | "parentPid">[],
): Set<number> {
  const childrenOf = new Map<number, number[]>();
  for (const { pid, parentPid } of processes) {
    const siblings = childrenOf.get(parentPid);
    if (siblings === undefined) childrenOf.set(parentPid, [pid]);
    else siblings.push(pid);
  }
  const present = new Set(processes.map((one) => one.pid));
  const tree = new Set<number>();
  const waiting = roots.filter((pid) => present.has(pid));
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    if (tree.has(pid)) continue;
    tree.add(pid);
    waiting.push(...(childrenOf.get(pid) ?? []));
  }
  return tree;
}

/**
 * All processes that can be seen. Reads in place, some 20 us a process: Node's asynchronous reading of such tiny files
 * costs twenty times that. The event loop gets its turn after every few of them.
 * @returns null where there is no /proc
 */
export async function readProcesses(procRoot = "/proc"): Promise<ProcessEntry[] | null> {
  const pids = listPids(procRoot);
  if (pids.length === 0) return null;
  const found: ProcessEntry[] = [];
  for (const [position, pid] of pids.entries()) {
    if (position % PROCESSES_PER_TURN === PROCESSES_PER_TURN - 1) await nextTurn();
    const entry = readProcess(join(procRoot, pid, "stat"));
    if (entry !== null) found.push(entry);
  }
  return found;
}

/** Process ids in /proc; empty where there is none. */
export function listPids(procRoot = "/proc"): string[] {
  try {
    return readdirSync(procRoot).filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // not Linux, or /proc is hidden
  }
}

function readProcess(file: string): ProcessEntry | null {
  try {
    return parseProcessStat(readFileSync(file, "utf8"));
  } catch {
    return null; // it ended between listing and reading
  }
}

/** The process ids of a tree on any system; null when processes can't be listed. */
export async function readTree(roots: readonly number[]): Promise<Set<number> | null> {
  const processes = hasProc() ? await readProcesses() : await askProcesses([]);
  return processes === null ? null : treeOf(roots, processes);
}
