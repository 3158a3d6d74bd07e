// How much memory a new process could take now: free memory and swap, within the limits of this process's cgroup.
import { readFileSync } from "node:fs";
import { freemem } from "node:os";

/** Texts of the system's files, undefined where there is none. */
export interface MemoryFiles {
  /** /proc/meminfo */
  readonly meminfo: string | undefined;
  /** memory.max and memory.current of the cgroup (v2). */
  readonly cgroupMax: string | undefined;
  readonly cgroupCurrent: string | undefined;
}

/** Bytes available according to the files; undefined if they do not say. Pure. */
export function availableFrom({ meminfo, cgroupMax, cgroupCurrent }: MemoryFiles): number | undefined {
  const available = kibibytes(meminfo, "MemAvailable");
  if (available === undefined) return undefined;
  const host = available + (kibibytes(meminfo, "SwapFree") ?? 0);
  const limit = Number(cgroupMax?.trim());
  const used = Number(cgroupCurrent?.trim());
  return Number.isFinite(limit) && Number.isFinite(used) ? Math.min(host, Math.max(0, limit - used)) : host;
}

/** Bytes available now; free memory as the runtime knows it where the system has no such files. */
export function availableBytes(): number {
  const files = {
    meminfo: textOf("/proc/meminfo"),
    cgroupMax: textOf("/sys/fs/cgroup/memory.max"),
    cgroupCurrent: textOf("/sys/fs/cgroup/memory.current"),
  };
  return availableFrom(files) ?? freemem();
}

function kibibytes(meminfo: string | undefined, name: string): number | undefined {
  const amount = meminfo?.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m"))?.[1];
  return amount === undefined ? undefined : Number(amount) * 1024;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not every system has these files; the caller falls back.
    return undefined;
  }
}
