// The connection to NATS. It reconnects for ever, with jitter: an agent outlives any server.
import { readFile } from "node:fs/promises";
import { type ConnectionOptions, connect, type NatsConnection, NatsError, nkeyAuthenticator } from "nats";
import { messageOf, OzoneError } from "../errors.ts";
import type { MachineKey } from "./keys.ts";
import { inboxPrefix } from "./subjects.ts";

/** A connection to the bus. Only shared/bus looks inside. */
export interface Bus {
  readonly connection: NatsConnection;
  /** On how many servers of a cluster the streams are kept; none: as they are, new ones on one. */
  readonly replicas?: number | null;
  /** Sends what is buffered, then closes. */
  close(): Promise<void>;
}

/** An enrolled machine: it proves its key instead of knowing a password. */
export interface BusIdentity {
  readonly machineId: string;
  readonly key: MachineKey;
}

/** How to reach NATS. */
export interface BusOptions {
  /** nats://user:password@host:port, several separated by commas. */
  readonly url: string;
  /** File of the CA to trust; with it, or with tls:// in the address, nothing is said without TLS. */
  readonly ca?: string | null;
  /** The CA itself, PEM, where there is no file of it. */
  readonly caPem?: string | null;
  /** Shown by the server's monitoring. */
  readonly name: string;
  /** Without one: what the url says. */
  readonly identity?: BusIdentity | undefined;
  /** A user of the server's own configuration that proves a key; instead of a password in the url. */
  readonly key?: MachineKey;
  /** Of whoever makes the streams (`Bus.replicas`). */
  readonly replicas?: number | null;
  readonly onStatus?: (status: string) => void;
}

/** Splits credentials from the address: they must not appear in messages. */
function parseUrl(url: string): { servers: string[]; secure: boolean; user?: string; pass?: string } {
  let secure = false;
  const servers: string[] = [];
  let user: string | undefined;
  let pass: string | undefined;
  for (const part of url.split(",")) {
    let parsed: URL;
    try {
      parsed = new URL(part.includes("://") ? part.trim() : `nats://${part.trim()}`);
    } catch {
      throw new OzoneError("invalid_input", "OZONE_NATS_URL is not an address; write nats://host:4222.");
    }
    user = parsed.username === "" ? user : decodeURIComponent(parsed.username);
    pass = parsed.password === "" ? pass : decodeURIComponent(parsed.password);
    secure ||= parsed.protocol === "tls:";
    servers.push(parsed.host);
  }
  return {
    servers,
    secure,
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
  };
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    throw new OzoneError("invalid_input", `OZONE_NATS_CA ${path} can't be read (${messageOf(thrown)}).`);
  }
}

/** The address alone, for everyone to see. */
export function withoutCredentials(url: string): string {
  const { servers, secure } = parseUrl(url);
  return servers.map((server) => `${secure ? "tls" : "nats"}://${server}`).join(",");
}

/** User and password of an address, or null when it has none. */
export function credentialsOf(url: string): { readonly user: string; readonly password: string } | null {
  const { user, pass } = parseUrl(url);
  return user === undefined || pass === undefined ? null : { user, password: pass };
}

const RECONNECT_MS = 250;
const REFUSED_MS_MAX = 15_000;

/**
 * Reconnecting never ends: a server that is away comes back, and a key that is refused may be approved again. Being
 * refused is answered by longer and longer pauses.
 */
function patience(): { options: Partial<ConnectionOptions>; hear(status: string, data: unknown): void } {
  let refused = 0;
  const delay = () =>
    Math.min(REFUSED_MS_MAX, RECONNECT_MS * 2 ** Math.min(refused, 10)) * (1 + Math.random());
  return {
    options: { maxReconnectAttempts: -1, ignoreAuthErrorAbort: true, reconnectDelayHandler: delay },
    hear(status, data) {
      if (status === "reconnect") refused = 0;
      // One that has expired (auth-callout.ts) was let in before, and will be again.
      if (status === "error" && /AUTHORIZATION|AUTHENTICATION_(?!EXPIRED)/.test(String(data))) refused += 1;
    },
  };
}

const keyOptions = ({ seed }: MachineKey): Partial<ConnectionOptions> => ({
  authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
});

function whoOptions({ identity, key }: BusOptions, user?: string, pass?: string): Partial<ConnectionOptions> {
  if (identity) return { ...keyOptions(identity.key), inboxPrefix: inboxPrefix(identity.machineId) };
  if (key) return keyOptions(key);
  return { ...(user ? { user } : {}), ...(pass ? { pass } : {}) };
}

const isRefused = (thrown: unknown): boolean =>
  thrown instanceof NatsError && /AUTHORIZATION|AUTHENTICATION/.test(thrown.code);

function explain(thrown: unknown, servers: readonly string[], identity: BusIdentity | undefined): OzoneError {
  const at = servers.join(", ");
  const sentence =
    identity && isRefused(thrown)
      ? `The bus at ${at} refuses the key of ${identity.machineId}: it is not approved, or was revoked (\`ozone machine list\`), or no coordinator runs whom this bus would ask.`
      : `No NATS server answers at ${at} (${messageOf(thrown)}); start it, or correct OZONE_NATS_URL.`;
  return new OzoneError("unavailable", sentence, { cause: thrown });
}

async function reportStatus(connection: NatsConnection, hear: (status: string, data: unknown) => void) {
  for await (const { type, data } of connection.status()) hear(String(type), data);
}

/**
 * Connects, once; later interruptions are bridged by the client.
 * @throws OzoneError unavailable when no server answers within a few seconds, or it refuses the key.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { name, identity, replicas = null, onStatus, ca, caPem } = options;
  const { servers, secure, user, pass } = parseUrl(options.url);
  const { options: reconnecting, hear } = patience();
  let connection: NatsConnection;
  try {
    const pem = ca ? await readCa(ca) : caPem;
    connection = await connect({
      servers,
      ...whoOptions(options, user, pass),
      name,
      ...(pem ? { tls: { ca: pem } } : secure ? { tls: {} } : {}),
      timeout: 5_000,
      ...reconnecting,
      // The servers of the url are all there are: a cluster that refuses the first connection would name its servers anew each
      // time, and the client pauses only before one that it knows.
      ignoreClusterUpdates: true,
      pingInterval: 10_000,
      maxPingOut: 2,
    });
  } catch (thrown) {
    if (thrown instanceof OzoneError) throw thrown;
    throw explain(thrown, servers, identity);
  }
  void reportStatus(connection, (status, data) => {
    hear(status, data);
    onStatus?.(status);
  });
  return { connection, replicas, close: () => closeQuietly(connection) };
}

/** Draining fails on a connection that is already gone; closing is what matters then. */
async function closeQuietly(connection: NatsConnection): Promise<void> {
  try {
    await Promise.race([connection.drain(), new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
  } catch {
    // The connection was down: there is nothing left to send.
  }
  await connection.close();
}
