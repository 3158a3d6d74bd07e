// Memory of a set of processes on Linux. RSS counts pages shared between processes several times (a model file that
// two processes map); PSS divides them fairly, but reading it walks page tables and needs the same user.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** VmRSS of /proc/PID/status in bytes; null for a kernel thread or unreadable text. */
export function parseRssBytes(status: string): number | null {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** Pss of /proc/PID/smaps_rollup in bytes; null for unreadable text. */
export function parsePssBytes(rollup: string): number | null {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** Sum of the processes' RSS; null when none could be read. Some 20 us a process, without leaving the thread. */
export function readRssBytes(pids: Iterable<number>, procRoot = "/proc"): number | null {
  let sum: number | null = null;
  for (const pid of pids) {
    const rss = parseRssBytes(readSmall(join(procRoot, String(pid), "status")));
    if (rss !== null) sum = (sum ?? 0) + rss;
  }
  return sum;
}

/**
 * Sum of the processes' PSS; null when any that still runs could not be read, since a part would look like a whole.
 * Runs on Node's thread pool: for a process of many GiB the kernel takes some tens of milliseconds.
 */
export async function readPssBytes(pids: Iterable<number>, procRoot = "/proc"): Promise<number | null> {
  let sum: number | null = null;
  for (const pid of pids) {
    const folder = join(procRoot, String(pid));
    const pss = parsePssBytes(await readFile(join(folder, "smaps_rollup"), "utf8").catch(() => ""));
    if (pss !== null) sum = (sum ?? 0) + pss;
    else if (parseRssBytes(readSmall(join(folder, "status"))) !== null) return null;
  }
  return sum;
}

/** Empty when the process ended meanwhile. */
function readSmall(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // the process ended between listing and reading, or /proc hides it
  }
}
