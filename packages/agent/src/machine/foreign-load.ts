// How much CPU others use: everything the machine did over an interval, less what our own processes did. Counting from
// the machine's total also sees processes that came and went, and, in a container, those outside it.

import { readFile } from "node:fs/promises";
import os from "node:os";
import { onPlatform } from "@ozone/shared/platform";
import { abortableDelay } from "./abortable-delay.ts";
import { hasProc } from "./proc.ts";
import { readProcesses, TICKS_PER_SECOND, treeOf } from "./process-tree.ts";
import { askProcesses } from "./system-information.ts";

/** CPU time used up to a moment, in seconds of one core; null where it can't be told. */
export type CpuSnapshot = { atMs: number; busySeconds: number; ownSeconds: number | null };

/**
 * Seconds of work in the first line of /proc/stat: user, nice and system. Interrupts and time stolen by a hypervisor
 * are left out: our own network traffic and disk reads cause the former, and nobody here can stop the latter.
 */
export function busySecondsOf(procStat: string): number | null {
  const [user, nice, system] = (/^cpu +(.*)$/m.exec(procStat)?.[1] ?? "").split(" ").map(Number);
  if (user === undefined || nice === undefined || system === undefined) return null;
  const ticks = user + nice + system;
  return Number.isFinite(ticks) ? ticks / TICKS_PER_SECOND : null;
}

/**
 * Mean foreign load between two snapshots in cores (0.1 = a tenth of one core); null when it can't be told. Both
 * counters tick in hundredths of a second, so an interval of a second is exact to some hundredths of a core.
 */
export function foreignLoadCores(before: CpuSnapshot, after: CpuSnapshot): number | null {
  const seconds = (after.atMs - before.atMs) / 1000;
  if (before.ownSeconds === null || after.ownSeconds === null || !(seconds > 0)) return null;
  // A process of ours that ended takes its count along: the difference is then negative, and no time is ours.
  const own = Math.max(0, after.ownSeconds - before.ownSeconds);
  return Math.max(0, (after.busySeconds - before.busySeconds - own) / seconds);
}

/**
 * Takes a snapshot.
 * @param ownPids processes (with all descendants) that count as ours, besides this process
 */
export async function takeCpuSnapshot(
  ownPids: readonly number[],
  procRoot = "/proc",
): Promise<CpuSnapshot | null> {
  const atMs = performance.now();
  const stat = hasProc() ? await readFile(`${procRoot}/stat`, "utf8").catch(() => "") : "";
  const busySeconds = busySecondsOf(stat);
  if (busySeconds === null) return null;
  const processes = await readProcesses(procRoot);
  if (processes === null) return { atMs, busySeconds, ownSeconds: null };
  const own = treeOf([process.pid, ...ownPids], processes);
  const ticks = processes.reduce((sum, one) => (own.has(one.pid) ? sum + one.cpuTicks : sum), 0);
  return { atMs, busySeconds, ownSeconds: ticks / TICKS_PER_SECOND };
}

/** Measures the foreign load over an interval; null where it can't be told. Rejects only when `signal` aborts. */
export async function measureForeignLoad(
  ownPids: readonly number[],
  intervalMs: number,
  signal?: AbortSignal,
): Promise<number | null> {
  if (!hasProc()) return measureWithoutProc(ownPids, intervalMs, signal);
  const before = await takeCpuSnapshot(ownPids);
  await abortableDelay(intervalMs, signal);
  const after = await takeCpuSnapshot(ownPids);
  return before === null || after === null ? null : foreignLoadCores(before, after);
}

/** macOS and Windows: the machine's total from Node, our share from the system's own percentages, which are rough. */
async function measureWithoutProc(
  ownPids: readonly number[],
  intervalMs: number,
  signal?: AbortSignal,
): Promise<number | null> {
  const before = { atMs: performance.now(), busySeconds: busySecondsOfCpus(), ownSeconds: 0 };
  await abortableDelay(intervalMs, signal);
  const after = { atMs: performance.now(), busySeconds: busySecondsOfCpus(), ownSeconds: null };
  const processes = await askProcesses([]);
  if (processes === null) return null;
  const own = treeOf([process.pid, ...ownPids], processes);
  const percent = processes.reduce((sum, one) => (own.has(one.pid) ? sum + one.cpuPercent : sum), 0);
  const ownCores = (percent / 100) * coresOfAHundred();
  return foreignLoadCores(before, { ...after, ownSeconds: (ownCores * (after.atMs - before.atMs)) / 1000 });
}

function busySecondsOfCpus(): number {
  return os.cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys, 0) / 1000;
}

/** Windows counts in percent of the whole machine, others in percent of one core. */
export const coresOfAHundred = (platform: string = process.platform): number =>
  onPlatform(platform, { linux: 1, macos: 1, windows: os.cpus().length, other: 1 });
