// What Linux tells about caches and memory nodes and systeminformation does not: the sum of all last-level caches
// (systeminformation reports one), and the number of NUMA nodes.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** "0-3,8,10-11" -> 7. Zero for anything else. */
export function countOfList(text: string): number {
  return text
    .trim()
    .split(",")
    .reduce((sum, range) => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(range);
      return match === null ? sum : sum + Number(match[2] ?? match[1]) - Number(match[1]) + 1;
    }, 0);
}

/** "32768K" or "32M" -> bytes; null for anything else. */
export function cacheBytes(text: string): number | null {
  const match = /^(\d+)([KM])$/.exec(text.trim());
  return match === null ? null : Number(match[1]) * (match[2] === "M" ? 1024 ** 2 : 1024);
}

/** Bytes of all L3 caches together; null where the kernel does not list them. */
export async function readL3Bytes(cpuFolder = "/sys/devices/system/cpu"): Promise<number | null> {
  const cpus = (await names(cpuFolder)).filter((name) => /^cpu\d+$/.test(name));
  const caches = new Map<string, number>();
  for (const cpu of cpus) {
    for (const index of (await names(join(cpuFolder, cpu, "cache"))).filter((name) =>
      name.startsWith("index"),
    )) {
      const folder = join(cpuFolder, cpu, "cache", index);
      if ((await text(join(folder, "level"))).trim() !== "3") continue;
      const bytes = cacheBytes(await text(join(folder, "size")));
      if (bytes !== null) caches.set((await text(join(folder, "shared_cpu_list"))).trim() || cpu, bytes);
    }
  }
  return caches.size === 0 ? null : [...caches.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Number of NUMA nodes; null where the kernel does not list them. */
export async function readNumaNodes(file = "/sys/devices/system/node/online"): Promise<number | null> {
  return countOfList(await text(file)) || null;
}

/** Empty where the folder is absent: not every kernel lists caches. */
async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** Empty where the file is absent. */
async function text(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
