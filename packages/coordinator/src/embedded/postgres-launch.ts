// One Postgres process: launched on one port until it serves, and ended.
import { type Daemon, endDaemon, spawnDaemon } from "./daemon.ts";
import { isPortFree } from "./free-port.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import type { ClusterPlace, PostgresRecord } from "./postgres-cluster.ts";
import { probePostgres, waitForPostgres } from "./postgres-ready.ts";
import { runCommand } from "./run-command.ts";
import { failureOf, portTakenError, readTail, sizeOf } from "./server-log.ts";

/** Long, because after a crash Postgres first replays its log. */
export const READY_TIMEOUT_MS = 120_000;

/** All that one start of Postgres needs. */
export interface Launch {
  dataDir: string;
  logFile: string;
  place: ClusterPlace;
  record: PostgresRecord;
  binaries: PostgresBinaries;
}

/** One start on one port: the running process, or the error with nothing left running. */
export async function launchPostgres(launch: Launch, port: number): Promise<Daemon | Error> {
  const { logFile, place, record, binaries } = launch;
  if (!(await isPortFree(port))) return portTakenError(port);
  const logStart = await sizeOf(logFile);
  const daemon = await spawnDaemon({
    file: binaries.postgres,
    args: postgresArguments(place.cluster, port),
    cwd: place.home,
    logFile,
    account: place.account,
  });
  const answer = await waitForPostgres({
    ask: () => probePostgres({ port, password: record.password }, place.cluster),
    ended: () => !daemon.isRunning(),
    deadline: performance.now() + READY_TIMEOUT_MS,
  });
  if (answer.state === "ready") return daemon;
  const what = daemon.isRunning()
    ? `The embedded Postgres does not serve (${answer.detail})`
    : "The embedded Postgres ended while starting";
  await endPostgres(daemon, launch);
  const advice = `See ${logFile}, or set OZONE_DATABASE_URL to a Postgres of yours.`;
  return failureOf({ what, folder: place.home, tail: await readTail(logFile, logStart), advice });
}

/**
 * The command line of the postmaster. Only 127.0.0.1, no Unix socket; small memory, few processes and no parallel
 * queries, because the machine's cores belong to the benchmarks. fsync and synchronous_commit stay on, as they are by
 * default. Pure.
 */
export function postgresArguments(cluster: string, port: number): string[] {
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    "unix_socket_directories=",
    "max_connections=40",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
    "max_parallel_workers_per_gather=0",
    "max_logical_replication_workers=0",
    "io_method=sync",
    "log_checkpoints=off",
  ];
  return ["-D", cluster, ...settings.flatMap((setting) => ["-c", setting])];
}

/** Fast shutdown, then as a last resort the immediate one (the next start replays the log). */
export async function endPostgres(daemon: Daemon, { place, binaries }: Launch): Promise<void> {
  if (process.platform === "win32") {
    // No signals there: pg_ctl has Postgres's own way of asking.
    const args = ["stop", "-D", place.cluster, "-m", "fast", "-w", "-t", "20"];
    await runCommand({ file: binaries.pgCtl, args, timeoutMs: 30_000 });
  }
  await endPostmaster(daemon);
}

/** Ends a postmaster by signals: SIGINT is its fast shutdown, SIGQUIT its immediate one. */
export async function endPostmaster(daemon: Daemon): Promise<void> {
  await endDaemon(daemon, "The embedded Postgres", [
    { signal: "SIGINT", waitMs: 30_000 },
    { signal: "SIGQUIT", waitMs: 10_000 },
  ]);
}
