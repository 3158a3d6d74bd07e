// Stops the embedded servers that a killed coordinator left running on a data folder (`ozone down`).
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { adoptDaemon } from "./daemon.ts";
import { findNatsProcess, natsPaths, natsRecordFile } from "./nats-record.ts";
import { endNats } from "./nats-server.ts";
import { readPostgresRecord } from "./postgres-cluster.ts";
import { endPostmaster } from "./postgres-launch.ts";
import { findPostmaster } from "./postmaster.ts";
import { numberField, readState } from "./state-file.ts";

/** Process ids of the servers that were stopped; null for one that was not running. */
export interface StoppedOrphans {
  postgres: number | null;
  nats: number | null;
}

/**
 * Stops the nats-server and the Postgres of a data folder, if they run. A process is signalled only when its command
 * line names this folder's own files.
 * @throws Error when one can't be stopped, or a record can't be read.
 */
export async function stopOrphans(dataDir: string): Promise<StoppedOrphans> {
  const folder = await realpath(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null; // Never used: nothing can run there.
    throw error;
  });
  if (folder === null) return { postgres: null, nats: null };
  const nats = await stopNatsOf(folder);
  return { nats, postgres: await stopPostgresOf(folder) };
}

async function stopNatsOf(dataDir: string): Promise<number | null> {
  const record = await readState(natsRecordFile(dataDir));
  const pid = await findNatsProcess(natsPaths(dataDir), numberField(record, "pid"));
  if (pid !== null) await endNats(adoptDaemon(pid));
  return pid;
}

async function stopPostgresOf(dataDir: string): Promise<number | null> {
  const record = await readPostgresRecord(dataDir);
  const found = await findPostmaster(record?.cluster ?? join(dataDir, "cluster"));
  if (found !== null) await endPostmaster(adoptDaemon(found.pid));
  return found?.pid ?? null;
}
