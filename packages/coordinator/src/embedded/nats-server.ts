// The embedded nats-server of a single machine: start it, take over one that outlived its coordinator, stop it.
import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "@ozone/shared/errors";
import { adoptDaemon, type Daemon, endDaemon, type ServerExit, spawnDaemon } from "./daemon.ts";
import { isPortFree, pickFreePort } from "./free-port.ts";
import { natsVersion } from "./nats-binary.ts";
import { type NatsTls, natsConfig, tooOldForOthers } from "./nats-config.ts";
import { askNatsInfo, type NatsInfo } from "./nats-info.ts";
import {
  findNatsProcess,
  type NatsPaths,
  type NatsRecord,
  natsIdentity,
  natsPaths,
  natsRecordFile,
  readOrMakeRecord,
} from "./nats-record.ts";
import { reloadServer } from "./nats-reload.ts";
import type { AgentUser } from "./nats-users.ts";
import { isServer } from "./process-identity.ts";
import {
  explainFileError,
  failureOf,
  portTakenError,
  readTail,
  rotateLog,
  saysPortTaken,
  sizeOf,
} from "./server-log.ts";
import { withStartLock } from "./start-lock.ts";
import { writePrivateFile, writeState } from "./state-file.ts";

/** Long enough for the recovery of a full store of 1 GB. */
const READY_TIMEOUT_MS = 60_000;
const ADOPT_TIMEOUT_MS = 5_000;
const HUNG_WAIT_MS = 2_000;
const PORT_TRIES = 5;
const LOOPBACK = "127.0.0.1";

export interface StartNatsOptions {
  /** Folder for the server's files (in "nats") and its record (nats.json). */
  dataDir: string;
  /** The nats-server program, as findNatsServer gives it. */
  binary: string;
  log: (line: string) => void;
  /** Use this port or fail; default: the last one, or another when it is taken. */
  port?: number;
  /** Who is let in beside the coordinator, asked at each start and reload. */
  agents?: () => readonly AgentUser[];
  /** Speak TLS, perhaps beyond loopback. */
  tls?: NatsTls | null;
}

/** A running embedded nats-server with JetStream. */
export interface EmbeddedNats {
  /** nats://user:password@127.0.0.1:port */
  url: string;
  pid: number;
  /** As the server itself says, such as "2.9.10". */
  version: string;
  /** True when it was already running and was taken over. */
  adopted: boolean;
  /**
   * Lets in exactly the agents of the moment; whoever is not among them any more is cut off. A server that can't be told
   * is ended, so that its next start reads the list.
   */
  reload(): Promise<void>;
  /** Ends it. Calling it again waits for the same end. */
  stop(): Promise<void>;
  /** Resolves when it has ended, expected or not. */
  exited: Promise<ServerExit>;
}

interface Context {
  recordFile: string;
  record: NatsRecord;
  paths: NatsPaths;
  options: StartNatsOptions;
}

/**
 * Starts nats-server on the data folder, or adopts the one that runs there already.
 * @throws Error with what happened, what to do and the last lines of the log; no process is left behind then.
 */
export async function startNats(options: StartNatsOptions): Promise<EmbeddedNats> {
  try {
    return await startOrAdopt(options);
  } catch (error) {
    throw explainFileError(error, "The embedded nats-server can't be started", options.dataDir);
  }
}

async function startOrAdopt(options: StartNatsOptions): Promise<EmbeddedNats> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  const paths = natsPaths(dataDir);
  await mkdir(paths.folder, { recursive: true, mode: 0o700 });
  return withStartLock(join(dataDir, "nats.lock"), async () => {
    const recordFile = natsRecordFile(dataDir);
    const context = { recordFile, record: await readOrMakeRecord(recordFile), paths, options };
    return (await adoptRunning(context)) ?? (await startFresh(context));
  });
}

/** Adopts the running server when it answers as ours; one that doesn't is ended: two must never share a store. */
async function adoptRunning(context: Context): Promise<EmbeddedNats | null> {
  const { record, paths } = context;
  const pid = await findNatsProcess(paths, record.pid);
  if (pid === null) return null;
  const daemon = adoptDaemon(pid);
  const info = record.port === null ? null : await waitForInfo(record, record.port, daemon, ADOPT_TIMEOUT_MS);
  const fits = info?.tlsRequired === wantsTls(context.options);
  if (info !== null && fits && record.port !== null) return running(context, daemon, record.port, info);
  const why = info === null ? "does not answer" : "has other settings for TLS";
  context.options.log(`The nats-server of an earlier start (process ${pid}) ${why}; it is replaced.`);
  await endNats(daemon, HUNG_WAIT_MS);
  return null;
}

const wantsTls = ({ tls }: StartNatsOptions): boolean => tls !== null && tls !== undefined;

async function startFresh(context: Context): Promise<EmbeddedNats> {
  const { options, record } = context;
  const version = await natsVersion(options.binary);
  const problem = options.tls && options.tls.host !== LOOPBACK ? tooOldForOthers(version) : null;
  if (problem !== null) throw new Error(problem);
  await rotateLog(context.paths.logFile);
  for (let tries = 1; ; tries += 1) {
    const remembered =
      tries === 1 && record.port !== null && (await isPortFree(record.port)) ? record.port : null;
    const port = options.port ?? remembered ?? (await pickFreePort());
    const outcome = await tryStart(context, port, version);
    if (!(outcome instanceof Error)) return outcome;
    if (!saysPortTaken(outcome.message) || options.port !== undefined || tries === PORT_TRIES) throw outcome;
  }
}

async function writeConfig(
  { paths, record, options }: Context,
  port: number,
  version: string,
): Promise<void> {
  await writePrivateFile(
    paths.config,
    natsConfig(record, port, paths, version, {
      tls: options.tls ?? null,
      agents: options.agents?.() ?? [],
    }),
  );
}

/** One start on one port: the running server, or the error with nothing left running. */
async function tryStart(context: Context, port: number, version: string): Promise<EmbeddedNats | Error> {
  const { paths, record, recordFile, options } = context;
  // Before the start: nats-server opens its store first and its port last.
  if (!(await isPortFree(port))) return portTakenError(port);
  await writeConfig(context, port, version);
  await writeState(recordFile, { ...record, port });
  const logStart = await sizeOf(paths.logFile);
  const file = basename(options.binary) === options.binary ? options.binary : resolve(options.binary);
  const where = { cwd: paths.folder, logFile: paths.logFile, account: null };
  const daemon = await spawnDaemon({ file, args: ["-c", paths.config], ...where });
  try {
    const info = await waitForInfo(record, port, daemon, READY_TIMEOUT_MS);
    if (info?.jetstream === true) return await running(context, daemon, port, info);
  } catch (error) {
    await endNats(daemon);
    throw error;
  }
  const what = daemon.isRunning()
    ? "The embedded nats-server does not serve JetStream"
    : "The embedded nats-server ended while starting";
  await endNats(daemon);
  const advice = `See ${paths.logFile}, or set OZONE_NATS_URL to a NATS server of yours.`;
  return failureOf({ what, folder: paths.folder, tail: await readTail(paths.logFile, logStart), advice });
}

/** Asks for the greeting until a server with our name gives it; null when the process ends or time is up. */
async function waitForInfo(
  record: NatsRecord,
  port: number,
  daemon: Daemon,
  timeoutMs: number,
): Promise<NatsInfo | null> {
  const deadline = performance.now() + timeoutMs;
  for (
    let pauseMs = 5;
    daemon.isRunning() && performance.now() < deadline;
    pauseMs = Math.min(pauseMs * 2, 100)
  ) {
    const info = await askNatsInfo(port);
    if (info?.name === record.name) return info;
    await wait(pauseMs);
  }
  return null;
}

async function running(
  context: Context,
  daemon: Daemon,
  port: number,
  info: NatsInfo,
): Promise<EmbeddedNats> {
  const { recordFile, record, options } = context;
  await writeState(recordFile, { ...record, port, pid: daemon.pid, version: info.version });
  let ending: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    ending ??= endNats(daemon);
    return ending;
  };
  let reloading: Promise<void> = Promise.resolve();
  const reload = (): Promise<void> => {
    const next = reloading.then(() => reloadOrEnd(context, daemon, port, info.version));
    reloading = next.catch(() => undefined);
    return next;
  };
  const url = `${wantsTls(options) ? "tls" : "nats"}://${record.user}:${record.password}@127.0.0.1:${port}`;
  const { pid, adopted, exited } = daemon;
  return { url, pid, version: info.version, adopted, reload, stop, exited };
}

/** Under the start lock: nobody else may write the configuration or start a server meanwhile. */
async function reloadOrEnd(context: Context, daemon: Daemon, port: number, version: string): Promise<void> {
  const { paths, options } = context;
  await withStartLock(join(dirname(paths.folder), "nats.lock"), async () => {
    // Ended meanwhile: whoever starts it again writes the list of that moment.
    if (!daemon.isRunning() || !(await isServer(daemon.pid, natsIdentity(paths)))) return;
    await writeConfig(context, port, version);
    try {
      await reloadServer(daemon.pid, paths.logFile);
    } catch (thrown) {
      options.log(`${messageOf(thrown)}; it is started again.`);
      await endNats(daemon, HUNG_WAIT_MS);
    }
  });
}

/** Ends a nats-server: asked first, forced when it hangs (its store recovers at the next start). */
export async function endNats(daemon: Daemon, waitMs = 15_000): Promise<void> {
  await endDaemon(daemon, "The embedded nats-server", [
    { signal: "SIGTERM", waitMs },
    { signal: "SIGKILL", waitMs: 5_000 },
  ]);
}
