// How much of a machine a container or service may use: CPU quota and memory limit of the cgroup (v1 or v2) that this
// process is in, or of any cgroup above it, whichever is tighter.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Limits in force; null without one. */
export type CgroupLimits = { cpuCores: number | null; memoryBytes: number | null };

/** Values from here on mean "no limit" in cgroup v1, which has no word for it. */
const V1_UNLIMITED_BYTES = 2 ** 60;

/** Reads the limits of this process; all null off Linux and where nothing is readable. */
export async function readCgroupLimits(
  sysFolder = "/sys/fs/cgroup",
  ownCgroups?: string,
): Promise<CgroupLimits> {
  const own = ownCgroups ?? (await readText("/proc/self/cgroup")) ?? "";
  const paths = cgroupPaths(own);
  const [v2Cpu, v2Memory, v1Quota, v1Period, v1Memory] = await Promise.all([
    readUpwards(join(sysFolder, ""), paths.unified, "cpu.max"),
    readUpwards(join(sysFolder, ""), paths.unified, "memory.max"),
    readUpwards(join(sysFolder, "cpu"), paths.cpu, "cpu.cfs_quota_us"),
    readUpwards(join(sysFolder, "cpu"), paths.cpu, "cpu.cfs_period_us"),
    readUpwards(join(sysFolder, "memory"), paths.memory, "memory.limit_in_bytes"),
  ]);
  const v1Cpu = v1Quota.map((quota, level) => `${quota} ${v1Period[level] ?? ""}`);
  return {
    cpuCores: smallest([...v2Cpu, ...v1Cpu].map(coresOfQuota)),
    memoryBytes: smallest([...v2Memory, ...v1Memory].map(limitBytes)),
  };
}

/** The paths in /proc/self/cgroup, by controller ("" = root where one is not listed). */
export function cgroupPaths(text: string): { unified: string; cpu: string; memory: string } {
  const paths = { unified: "/", cpu: "/", memory: "/" };
  for (const line of text.split("\n")) {
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (line.startsWith("0::")) paths.unified = path;
    if (controllers.split(",").includes("cpu")) paths.cpu = path;
    if (controllers.split(",").includes("memory")) paths.memory = path;
  }
  return paths;
}

/** "150000 100000" is one and a half cores; "max 100000" and "-1 100000" are no limit. */
export function coresOfQuota(text: string): number | null {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : null;
}

function limitBytes(text: string): number | null {
  const bytes = Number(text.trim());
  return Number.isFinite(bytes) && bytes > 0 && bytes < V1_UNLIMITED_BYTES ? bytes : null;
}

/** The file's text at the cgroup and at each one above it; inside a container the path may not exist, the root does. */
async function readUpwards(mount: string, path: string, name: string): Promise<string[]> {
  const texts: string[] = [];
  for (let level = path; ; level = dirname(level)) {
    const text = await readText(join(mount, level, name));
    if (text !== null) texts.push(text);
    if (level === "/" || level === ".") return texts;
  }
}

async function readText(file: string): Promise<string | null> {
  return readFile(file, "utf8").catch(() => null); // absent where this cgroup version or controller is not mounted
}

function smallest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}
