// The embedded Postgres of a single machine: start it, take over one that outlived its coordinator, stop it.
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { adoptDaemon, type Daemon, type ServerExit } from "./daemon.ts";
import { isPortFree, pickFreePort } from "./free-port.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { ensurePostgresRecord, isCluster, placeCluster, postgresRecordFile } from "./postgres-cluster.ts";
import { createCluster, removeLeftovers } from "./postgres-initdb.ts";
import { endPostgres, type Launch, launchPostgres, READY_TIMEOUT_MS } from "./postgres-launch.ts";
import { postgresUrl, probePostgres, waitForPostgres } from "./postgres-ready.ts";
import { clearStalePostmaster, findPostmaster } from "./postmaster.ts";
import { explainFileError, rotateLog, saysPortTaken } from "./server-log.ts";
import { withStartLock } from "./start-lock.ts";
import { writeState } from "./state-file.ts";

const PORT_TRIES = 5;

export interface StartPostgresOptions {
  /** Folder for the cluster (in "cluster"), the log (postgres.log) and the record (postgres.json). */
  dataDir: string;
  log: (line: string) => void;
  /** Topmost folder that is Ozone's own; as root, folders from here down may be opened for entering. Default: dataDir. */
  homeDir?: string;
  /** Use this port or fail, so that the URL stays the same; default: the last one, or another when it is taken. */
  port?: number;
}

/** A running embedded Postgres. */
export interface EmbeddedPostgres {
  /** postgres://… with the password, for `pg`. */
  url: string;
  /** Process id of the postmaster. */
  pid: number;
  /** True when it was already running and was taken over. */
  adopted: boolean;
  /** Ends it (fast shutdown; connections are cut). Calling it again waits for the same end. */
  stop(): Promise<void>;
  /** Resolves when the postmaster has ended, expected or not. */
  exited: Promise<ServerExit>;
}

interface Context extends Launch {
  options: StartPostgresOptions;
}

/**
 * Starts Postgres on the data folder, making its cluster on the first use, or adopts the one that runs there already.
 * @throws Error with what happened, what to do and the last lines of the log; no process is left behind then.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    return await startOrAdopt(options);
  } catch (error) {
    throw explainFileError(error, "The embedded Postgres can't be started", options.dataDir);
  }
}

async function startOrAdopt(options: StartPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  const homeDir = await realpath(options.homeDir ?? dataDir);
  return withStartLock(join(dataDir, "postgres.lock"), async () => {
    const record = await ensurePostgresRecord(dataDir);
    const place = await placeCluster({ dataDir, homeDir, record, log: options.log });
    const { home: copyTo, account } = place;
    const binaries = await findPostgresBinaries({ copyTo, account, log: options.log });
    const context = { dataDir, logFile: join(dataDir, "postgres.log"), place, record, binaries, options };
    await removeLeftovers(place.home);
    if (!(await isCluster(place.cluster))) await createCluster(place, binaries, record.password);
    return (await adoptRunning(context)) ?? (await startFresh(context));
  });
}

/** Waits for a postmaster that runs on this cluster; null when there is none, or when it has just ended. */
async function adoptRunning(context: Context): Promise<EmbeddedPostgres | null> {
  const { cluster } = context.place;
  const found = await findPostmaster(cluster);
  if (found === null) {
    if (await clearStalePostmaster(cluster))
      context.options.log(`Removed the stale postmaster.pid of ${cluster}.`);
    return null;
  }
  const daemon = adoptDaemon(found.pid);
  let port: number | null = found.port;
  const answer = await waitForPostgres({
    ask: async () => {
      port = (await findPostmaster(cluster))?.port ?? port;
      if (port === null) return { state: "not-yet", detail: "it has not opened its port" };
      return probePostgres({ port, password: context.record.password }, cluster);
    },
    ended: () => !daemon.isRunning(),
    deadline: performance.now() + READY_TIMEOUT_MS,
  });
  if (answer.state === "ready" && port !== null) return running(context, daemon, port);
  if (!daemon.isRunning()) return null;
  throw new Error(
    `A Postgres (process ${found.pid}) runs on ${cluster} but does not serve (${answer.detail}): stop it (kill -INT ${found.pid}), then start again.`,
  );
}

async function startFresh(context: Context): Promise<EmbeddedPostgres> {
  await rotateLog(context.logFile);
  for (let tries = 1; ; tries += 1) {
    const port = await choosePort(context, tries);
    const outcome = await launchPostgres(context, port);
    if (!(outcome instanceof Error)) return recorded(context, outcome, port);
    const again = saysPortTaken(outcome.message) && context.options.port === undefined && tries < PORT_TRIES;
    if (!again) throw outcome;
  }
}

/** A server whose record can't be written (a full disk, say) would be lost to the next start: it is ended instead. */
async function recorded(context: Context, daemon: Daemon, port: number): Promise<EmbeddedPostgres> {
  try {
    return await running(context, daemon, port);
  } catch (error) {
    await endPostgres(daemon, context);
    throw error;
  }
}

async function choosePort({ options, record }: Context, tries: number): Promise<number> {
  if (options.port !== undefined) return options.port;
  if (tries === 1 && record.port !== null && (await isPortFree(record.port))) return record.port;
  return pickFreePort();
}

async function running(context: Context, daemon: Daemon, port: number): Promise<EmbeddedPostgres> {
  const { dataDir, place, record } = context;
  const { cluster } = place;
  await writeState(postgresRecordFile(dataDir), { ...record, port, pid: daemon.pid, cluster });
  let ending: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    ending ??= endPostgres(daemon, context);
    return ending;
  };
  const { pid, adopted, exited } = daemon;
  return { url: postgresUrl({ port, password: record.password }), pid, adopted, stop, exited };
}
