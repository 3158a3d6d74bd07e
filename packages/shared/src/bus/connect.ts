// The connection to NATS. It reconnects for ever, with jitter: an agent outlives any server.
import { readFile } from "node:fs/promises";
import { connect, type NatsConnection } from "nats";
import { messageOf, OzoneError } from "../errors.ts";

/** A connection to the bus. Only shared/bus looks inside. */
export interface Bus {
  readonly connection: NatsConnection;
  /** Sends what is buffered, then closes. */
  close(): Promise<void>;
}

/** How to reach NATS. */
export interface BusOptions {
  /** nats://user:password@host:port, several separated by commas. */
  readonly url: string;
  /** File of the CA to trust; with it, or with tls:// in the address, nothing is said without TLS. */
  readonly ca?: string | null;
  /** Shown by the server's monitoring. */
  readonly name: string;
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

async function reportStatus(connection: NatsConnection, onStatus: (status: string) => void): Promise<void> {
  for await (const { type } of connection.status()) onStatus(String(type));
}

/**
 * Connects, once; later interruptions are bridged by the client.
 * @throws OzoneError unavailable when no server answers within a few seconds.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { secure, ...address } = parseUrl(options.url);
  const { ca } = options;
  let connection: NatsConnection;
  try {
    connection = await connect({
      ...address,
      name: options.name,
      ...(ca ? { tls: { ca: await readCa(ca) } } : secure ? { tls: {} } : {}),
      timeout: 5_000,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 500,
      pingInterval: 10_000,
      maxPingOut: 2,
    });
  } catch (thrown) {
    if (thrown instanceof OzoneError) throw thrown;
    throw new OzoneError(
      "unavailable",
      `No NATS server answers at ${address.servers.join(", ")} (${messageOf(thrown)}); start it, or correct OZONE_NATS_URL.`,
      { cause: thrown },
    );
  }
  if (options.onStatus) void reportStatus(connection, options.onStatus);
  return { connection, close: () => closeQuietly(connection) };
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
