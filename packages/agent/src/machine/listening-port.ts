// Finds the process behind a TCP port of this machine: which Ollama is it that we measure?
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { onPlatform } from "@ozone/shared/platform";
import { listPids } from "./process-tree.ts";
import { askListener } from "./system-information.ts";

/** The process, or the reason why it can't be told. */
export type PortOwner = { pid: number } | { pid: null; reason: string };

/** What the server's processes are called. */
const SERVER_NAME = "ollama";

const STATE_LISTEN = "0A";

/** Inodes of the sockets that listen on a port, from the text of /proc/net/tcp or tcp6. */
export function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local = "", , state] = fields;
    const inode = fields[9];
    return state === STATE_LISTEN && local.endsWith(`:${wanted}`) && inode !== undefined ? [inode] : [];
  });
}

/** Users of the sockets that listen on a port, from the same text. */
export function listeningUsers(table: string, port: number): number[] {
  const inodes = new Set(listeningInodes(table, port));
  return table.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return inodes.has(fields[9] ?? "") ? [Number(fields[7])] : [];
  });
}

/** Where a port was found last time: looked at first, since the same server is asked for again and again. */
const lastOwners = new Map<number, string>();

/** Finds who listens on `port`; several processes may share a socket, then the lowest id counts (the parent). */
export async function findListener(port: number, procRoot = "/proc"): Promise<PortOwner> {
  return onPlatform(process.platform, {
    linux: () => findInProc(port, procRoot),
    macos: () => askSystem(port),
    windows: () => askSystem(port),
    other: () => askSystem(port),
  })();
}

async function findInProc(port: number, procRoot: string): Promise<PortOwner> {
  const tables = ["net/tcp", "net/tcp6"].map((name) => readOrEmpty(join(procRoot, name)));
  const inodes = new Set(tables.flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) {
    return { pid: null, reason: `Nothing listens on port ${port} in this network namespace.` };
  }
  const last = lastOwners.get(port);
  const pids = listPids(procRoot).sort((a, b) => Number(a) - Number(b));
  for (const pid of last === undefined ? pids : [last, ...pids]) {
    if (holdsSocket(join(procRoot, pid, "fd"), inodes)) {
      lastOwners.set(port, pid);
      return { pid: Number(pid) };
    }
    await nextTurn(); // a process may have thousands of descriptors
  }
  const byName = findServerOf(
    new Set(tables.flatMap((table) => listeningUsers(table, port))),
    pids,
    procRoot,
  );
  if (byName !== null) return { pid: byName };
  const reason = `The process on port ${port} belongs to another user or container, so its memory can't be seen.`;
  return { pid: null, reason };
}

/**
 * The server of another user: whose sockets it holds is hidden from us, its name and owner are not. Only when that
 * user runs one server; the runners below it have the same name.
 */
function findServerOf(users: ReadonlySet<number>, pids: readonly string[], procRoot: string): number | null {
  const servers = pids.flatMap((pid) => {
    const status = readOrEmpty(join(procRoot, pid, "status"));
    const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)?.[1];
    return field("Name") === SERVER_NAME && users.has(Number(field("Uid")))
      ? [{ pid: Number(pid), parent: Number(field("PPid")) }]
      : [];
  });
  const roots = servers.filter(({ parent }) => !servers.some(({ pid }) => pid === parent));
  return roots.length === 1 ? (roots[0]?.pid ?? null) : null;
}

async function askSystem(port: number): Promise<PortOwner> {
  const notes: string[] = [];
  const pid = await askListener(port, notes);
  if (pid !== null) return { pid };
  return { pid, reason: notes[0] ?? `Nothing seems to listen on port ${port}.` };
}

/** Empty for a table that is absent: a kernel without IPv6 has no tcp6. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // see above
  }
}

function holdsSocket(folder: string, inodes: ReadonlySet<string>): boolean {
  let descriptors: string[];
  try {
    descriptors = readdirSync(folder);
  } catch {
    return false; // not ours to read, or it ended
  }
  return descriptors.some((descriptor) => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, descriptor)))?.[1];
      return inode !== undefined && inodes.has(inode);
    } catch {
      return false; // closed meanwhile
    }
  });
}
