// A cgroup of its own for a managed server, with a memory limit that the kernel keeps, where one was delegated to the
// agent: its unit has Delegate=memory and the agent runs in a subgroup of it (DelegateSubgroup=). Elsewhere the
// watch over its memory is alone.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cgroupPaths } from "../machine/cgroup.ts";

/** A group that exists. */
export interface MemoryGroup {
  readonly folder: string;
  /** Puts a process in; its children are born there. @returns whether it is in */
  add(pid: number): boolean;
  /** Times that the kernel has killed in it for want of memory; null: can't be read. */
  kills(): number | null;
  /** Removes it; only an empty one goes. */
  remove(): void;
}

/** Where this process may make groups: the unit above its own subgroup. Null: nowhere. Pure. */
export function delegatedPath(ownCgroups: string): string | null {
  const parent = dirname(cgroupPaths(ownCgroups).unified);
  // In systemd's eyes a unit is a leaf: being below one means that what is below was given to us.
  return /\.(service|scope)$/.test(parent) ? parent : null;
}

/** Makes a group with a limit, or null where that is not ours to do. Never throws. */
export function makeMemoryGroup(
  name: string,
  limitBytes: number,
  { sysFolder = "/sys/fs/cgroup", ownCgroups = textOf("/proc/self/cgroup") } = {},
): MemoryGroup | null {
  const path = delegatedPath(ownCgroups);
  if (path === null) return null;
  const parent = join(sysFolder, path);
  const folder = join(parent, name);
  try {
    if (!textOf(join(parent, "cgroup.controllers")).split(/\s+/).includes("memory")) return null;
    if (!textOf(join(parent, "cgroup.subtree_control")).split(/\s+/).includes("memory")) {
      writeFileSync(join(parent, "cgroup.subtree_control"), "+memory");
    }
    mkdirSync(folder);
    writeFileSync(join(folder, "memory.max"), String(Math.floor(limitBytes)));
    // Swapping would be slower than failing, for everybody.
    if (existsSync(join(folder, "memory.swap.max"))) writeFileSync(join(folder, "memory.swap.max"), "0");
  } catch {
    removeFolder(folder);
    return null; // not delegated after all
  }
  return groupOf(folder);
}

const groupOf = (folder: string): MemoryGroup => ({
  folder,
  add(pid) {
    try {
      writeFileSync(join(folder, "cgroup.procs"), String(pid));
      return true;
    } catch {
      return false; // it ended at once, or the kernel refused
    }
  },
  kills() {
    const count = /^oom_kill (\d+)$/m.exec(textOf(join(folder, "memory.events")))?.[1];
    return count === undefined ? null : Number(count);
  },
  remove: () => removeFolder(folder),
});

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // it was never made, or something still runs in it; systemd removes it with the unit
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // not this version of cgroups
  }
}
