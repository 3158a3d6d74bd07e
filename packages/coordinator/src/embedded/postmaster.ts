// What a Postgres leaves in its cluster folder: postmaster.pid. Found here: the postmaster that still runs there, and
// the file of one that is gone.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isAlive, isServer, processesWithin, type ServerIdentity } from "./process-identity.ts";

/** The first and fourth line of postmaster.pid; the port is missing while Postgres is starting. */
export interface Postmaster {
  pid: number;
  port: number | null;
}

/** What the command line of the postmaster of a cluster holds. */
export function postmasterIdentity(cluster: string): ServerIdentity {
  return { program: "postgres", option: ["-D", cluster] };
}

/** Parses the text of postmaster.pid; null when it holds no process id. Pure. */
export function parsePostmaster(text: string): Postmaster | null {
  const lines = text.split("\n");
  const pid = Number.parseInt(lines[0] ?? "", 10);
  const port = Number.parseInt(lines[3] ?? "", 10);
  if (!Number.isInteger(pid)) return null;
  return { pid: Math.abs(pid), port: Number.isInteger(port) ? port : null };
}

/** Reads postmaster.pid; null when it is absent. */
export async function readPostmaster(cluster: string): Promise<Postmaster | null> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw new Error(
        `${cluster} can't be read (${error.message}): it belongs to another user; start as that one.`,
        {
          cause: error,
        },
      );
    },
  );
  return parsePostmaster(text);
}

/** The postmaster that runs on this cluster, by its pid file and its command line; null when there is none. */
export async function findPostmaster(cluster: string): Promise<Postmaster | null> {
  const found = await readPostmaster(cluster);
  return found !== null && (await isServer(found.pid, postmasterIdentity(cluster))) ? found : null;
}

/**
 * Removes a postmaster.pid that would wrongly keep Postgres from starting: its process id now belongs to something
 * else (after a reboot, in a new container). When the id is free the file stays: Postgres removes it by itself after
 * checking, through the shared memory named in it, that no backend of the old postmaster is left.
 * @returns true when the file was removed.
 */
export async function clearStalePostmaster(cluster: string): Promise<boolean> {
  const found = await readPostmaster(cluster);
  if (found === null || !processIdIsTaken(found.pid)) return false;
  const left = await processesWithin(cluster);
  if (left.length > 0) {
    throw new Error(
      `Processes ${left.join(", ")} of an earlier embedded Postgres still work in ${cluster}: wait for their end or end them, then start again.`,
    );
  }
  await rm(join(cluster, "postmaster.pid"), { force: true });
  return true;
}

/** Postgres takes a zombie for a living process; so does this, unlike isAlive. */
function processIdIsTaken(pid: number): boolean {
  if (isAlive(pid)) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // No such process.
  }
}
