// Keeps a managed server from exhausting the machine: it is ended while there is still room to do so. Looks often at
// what is cheap to read, and at PSS, which is not, only when the cheap figure has crossed the limit.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { formatBytes } from "@ozone/shared/units";
import { readAvailableBytes } from "../machine/available-memory.ts";
import { readTree } from "../machine/process-tree.ts";

/** What may be used, in bytes. */
export interface MemoryLimits {
  /** Of the server's processes together, memory of their own; null: not known, only the reserve counts. */
  readonly ownBytes: number | null;
  /** Left for everybody else. */
  readonly reserveBytes: number;
}

/** A share of what is there is left to the machine's user and to the kernel. */
const RESERVE_SHARE = 0.05;
const RESERVE_MIN_BYTES = 256 * 1024 ** 2;
const RESERVE_MAX_BYTES = 2 * 1024 ** 3;

/** Limits on a machine with so much available before the start. */
export function limitsFor(availableBytes: number | null): MemoryLimits {
  if (availableBytes === null) return { ownBytes: null, reserveBytes: RESERVE_MIN_BYTES };
  const reserveBytes = Math.min(
    RESERVE_MAX_BYTES,
    Math.max(RESERVE_MIN_BYTES, RESERVE_SHARE * availableBytes),
  );
  return { ownBytes: Math.max(0, availableBytes - reserveBytes), reserveBytes };
}

/** What was seen; null: could not be read. */
export interface MemorySight {
  readonly ownBytes: number | null;
  readonly availableBytes: number | null;
}

/** Why the server has to be ended, in one sentence; null when it may go on. Pure. */
export function exhaustion(seen: MemorySight, limits: MemoryLimits): string | null {
  const { ownBytes, availableBytes } = seen;
  if (ownBytes === null) return null;
  if (limits.ownBytes !== null && ownBytes > limits.ownBytes) {
    return `The managed server took ${formatBytes(ownBytes)} of memory, more than the ${formatBytes(limits.ownBytes)} that it may have on this machine; it was ended before the machine ran out. Use a smaller num_ctx, num_batch or concurrency.`;
  }
  // Others may have taken the rest: then ending a server that has little would not help anybody.
  if (availableBytes !== null && availableBytes < limits.reserveBytes / 2 && ownBytes > limits.reserveBytes) {
    return `Only ${formatBytes(availableBytes)} of memory were left on this machine, with ${formatBytes(ownBytes)} taken by the managed server; it was ended before the machine ran out. Use a smaller num_ctx, num_batch or concurrency.`;
  }
  return null;
}

const INTERVAL_MS = 100;
/** Listing processes is dearer: it waits a hundred times as long as it took, so that it stays below 1 % of a core. */
const TREE_INTERVAL_MS = 500;
const TREE_PAUSE_FACTOR = 100;

/** A watch at work. */
export interface MemoryWatch {
  stop(): void;
}

/** Watches the tree below a process until stopped, or until it has told once. Does nothing where there is no /proc. */
export function watchMemory(
  pid: number,
  limits: MemoryLimits,
  onExhaustion: (sentence: string) => void,
): MemoryWatch {
  const stopping = new AbortController();
  void watch(pid, limits, stopping.signal).then((sentence) => {
    if (sentence !== null && !stopping.signal.aborted) onExhaustion(sentence);
  });
  return { stop: () => stopping.abort() };
}

async function watch(pid: number, limits: MemoryLimits, stopping: AbortSignal): Promise<string | null> {
  let tree: readonly number[] = [pid];
  let notBeforeMs = 0;
  while (!stopping.aborted) {
    const startMs = performance.now();
    if (startMs >= notBeforeMs) {
      tree = [...((await readTree([pid])) ?? [])];
      const tookMs = performance.now() - startMs;
      notBeforeMs = startMs + Math.max(TREE_INTERVAL_MS, TREE_PAUSE_FACTOR * tookMs);
    }
    const sentence = look(limits, tree);
    if (sentence !== null) return sentence;
    await delay(INTERVAL_MS, undefined, { signal: stopping, ref: false }).catch(() => {}); // rejects only because we stop
  }
  return null;
}

function look(limits: MemoryLimits, pids: readonly number[]): string | null {
  const availableBytes = readAvailableBytes();
  // Counts pages that processes share once for each of them: an upper bound, at some 20 us a process.
  const upper = sumOf(pids, "status", /^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm);
  if (exhaustion({ ownBytes: upper, availableBytes }, limits) === null) return null;
  const ownBytes = sumOf(pids, "smaps_rollup", /^Pss_(?:Anon|Shmem):\s+(\d+) kB$/gm) ?? upper;
  return exhaustion({ ownBytes, availableBytes }, limits);
}

/** Bytes of memory of their own (files that are mapped can be given back); null when nothing could be read. */
function sumOf(pids: readonly number[], file: string, pattern: RegExp): number | null {
  let sum: number | null = null;
  for (const pid of pids) {
    const matches = [...read(join("/proc", String(pid), file)).matchAll(pattern)];
    if (matches.length > 0) sum = matches.reduce((bytes, [, kib]) => bytes + Number(kib) * 1024, sum ?? 0);
  }
  return sum;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
