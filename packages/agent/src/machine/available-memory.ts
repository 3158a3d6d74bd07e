// How much main memory a new process could take right now, within the limits of the cgroup that this one is in.
import { readFileSync } from "node:fs";
import os from "node:os";
import { onPlatform } from "@ozone/shared/platform";

/** Texts of the system's files; null where there is none. */
export type MemoryFiles = {
  /** /proc/meminfo */
  meminfo: string | null;
  /** memory.max, memory.current and memory.stat of the cgroup (v2). */
  cgroupMax: string | null;
  cgroupCurrent: string | null;
  cgroupStat: string | null;
};

/** Bytes available by these files; null when they don't say. Pure. */
export function availableFrom({ meminfo, cgroupMax, cgroupCurrent, cgroupStat }: MemoryFiles): number | null {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo ?? "")?.[1];
  if (kib === undefined) return null;
  const host = Number(kib) * 1024;
  const [limit, used] = [cgroupMax, cgroupCurrent].map((text) => Number.parseInt(text ?? "", 10));
  if (limit === undefined || used === undefined || Number.isNaN(limit) || Number.isNaN(used)) return host;
  // What only lies in the page cache is given back under pressure, as MemAvailable counts it for the whole machine.
  const cached = Number(/^inactive_file (\d+)$/m.exec(cgroupStat ?? "")?.[1] ?? 0);
  return Math.min(host, Math.max(0, limit - Math.max(0, used - cached)));
}

const text = (file: string): string | null => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null; // not every kernel and cgroup version has it
  }
};

/** Reads available main memory in bytes; null where the system does not tell. */
export type MemoryGauge = () => number | null;

/** Whether there is a limit is looked up once: asking a cgroup makes the kernel add up all of its counters. */
function openLinux(): MemoryGauge {
  const max = text("/sys/fs/cgroup/memory.max");
  const limited = max !== null && max.trim() !== "max";
  const none = { cgroupMax: null, cgroupCurrent: null, cgroupStat: null };
  const cgroup = () => ({
    cgroupMax: text("/sys/fs/cgroup/memory.max"),
    cgroupCurrent: text("/sys/fs/cgroup/memory.current"),
    cgroupStat: text("/sys/fs/cgroup/memory.stat"),
  });
  return () => availableFrom({ meminfo: text("/proc/meminfo"), ...(limited ? cgroup() : none) });
}

/**
 * How this system tells its available memory. macOS counts only untouched pages as free, which is far less than what
 * a process can get: unknown there.
 */
export const openMemoryGauge = (platform: string = process.platform): MemoryGauge =>
  onPlatform<() => MemoryGauge>(platform, {
    linux: openLinux,
    windows: () => () => os.freemem(),
    macos: () => () => null,
    other: () => () => null,
  })();

/** Available main memory now, in bytes; null where the system does not tell. */
export const readAvailableBytes = (): number | null => openMemoryGauge()();
