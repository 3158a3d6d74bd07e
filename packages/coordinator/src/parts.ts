// The parts that the coordinator stands on: Postgres and NATS, embedded (supervised here) or external. Same code after.
import { join } from "node:path";
import { messageOf } from "@ozone/shared/errors";
import { hostOf, isLoopback } from "@ozone/shared/host-address";
import { openServerCertificate } from "./certificates/server-certificate.ts";
import type { CoordinatorConfig } from "./config.ts";
import { findNatsServer } from "./embedded/nats-binary.ts";
import type { AgentUser } from "./embedded/nats-users.ts";
import { type ServerChange, superviseNats, supervisePostgres } from "./embedded/supervise.ts";
import type { BusFacts } from "./fleet/ways-in.ts";

/** Where a part is and how to end it. */
export interface Part {
  readonly url: string;
  /** For the status: "embedded", "external". */
  readonly words: string;
  /** The CA that clients have to trust; null: no TLS, or a CA that their systems trust. */
  readonly ca: string | null;
  stop(): Promise<void>;
}

/** The bus, and who may use it. */
export interface BusPart extends Part, Omit<BusFacts, "url"> {
  /** Null: an external one, whose users are not ours to write. */
  readonly users: {
    /** Lets in exactly these beside the coordinator, and waits until the server confirms. */
    letIn(agents: readonly AgentUser[]): Promise<void>;
    serverPid(): number;
  } | null;
  /** An external one that asks about each connection instead (callout/start-callout.ts). */
  readonly callsOut: boolean;
}

type Log = (line: string) => void;

const external = (url: string): Part => ({
  url,
  words: "external",
  ca: null,
  stop: async () => undefined,
});

const onChange = (name: string, log: Log) => (change: ServerChange) => {
  if (change.state === "ended")
    log(`${name} ended unexpectedly; starting it again in ${change.restartInMs} ms`);
  if (change.state === "restart-failed") log(`${name} could not be started again: ${change.message}`);
  if (change.state === "running") log(`${name} is running (pid ${change.pid})`);
};

/** The database. @throws with one sentence when the embedded one can't be started. */
export async function openDatabase(config: CoordinatorConfig, log: Log): Promise<Part> {
  if (config.databaseUrl !== null) return external(config.databaseUrl);
  log("starting Postgres");
  const postgres = await supervisePostgres({
    dataDir: config.dataDir,
    log,
    onChange: onChange("Postgres", log),
  });
  return { url: postgres.url, words: "embedded Postgres", ca: null, stop: () => postgres.stop() };
}

/**
 * The bus.
 * @param agents who is let in from the start
 * @throws with one sentence when no nats-server can be had
 */
export async function openBusServer(
  config: CoordinatorConfig,
  log: Log,
  agents: readonly AgentUser[],
): Promise<BusPart> {
  const { natsListen, natsAdvertise: advertised } = config;
  if (config.natsUrl !== null) {
    const asked = { users: null, callsOut: config.callout !== null };
    return { ...external(config.natsUrl), ca: config.natsCa, ...asked, listens: null, advertised };
  }
  let letIn = agents;
  log("looking for nats-server");
  const binary = await findNatsServer({
    cacheDir: join(config.dataDir, "cache"),
    log,
    ...(config.natsServerPath === null ? {} : { named: config.natsServerPath }),
  });
  log(`starting nats-server ${binary.version} (${binary.source})`);
  const { dataDir, broughtCertificate: brought } = config;
  const names = advertised === null ? [] : [hostOf(advertised)];
  const certificate =
    natsListen === null
      ? null
      : await openServerCertificate({ dataDir, brought, listensOn: natsListen.host, names }, log);
  const nats = await superviseNats({
    dataDir,
    binary: binary.path,
    agents: () => letIn,
    log,
    onChange: onChange("nats-server", log),
    ...(natsListen && natsListen.port > 0 ? { port: natsListen.port } : {}),
    tls: natsListen && certificate ? { host: natsListen.host, ...certificate.files } : null,
  });
  const users = {
    letIn: async (wanted: readonly AgentUser[]) => {
      letIn = wanted;
      await nats.current().reload();
    },
    serverPid: () => nats.current().pid,
  };
  // At a reload nats-server reads its certificate again as well, and keeps its clients.
  const unfollow = certificate?.follow(() => {
    log("nats-server reads its new certificate");
    nats
      .current()
      .reload()
      .catch((thrown: unknown) => log(`the new certificate is not used: ${messageOf(thrown)}`));
  });
  const words = `embedded nats-server ${binary.version}${certificate === null ? "" : " with TLS"}`;
  const stop = () => {
    unfollow?.();
    return nats.stop();
  };
  const listens = natsListen && !isLoopback(`${natsListen.host}:0`) ? "everywhere" : "on loopback";
  const ca = certificate?.files.ca ?? null;
  return { url: nats.url, words, ca, users, callsOut: false, listens, advertised, stop };
}
