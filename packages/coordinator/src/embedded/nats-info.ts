// The greeting of a nats-server: the INFO line that it sends to everyone who connects, before any password.
import { connect } from "node:net";

/** The fields of INFO that tell which server answers. */
export interface NatsInfo {
  name: string;
  version: string;
  jetstream: boolean;
  /** It speaks TLS, and nothing else after this greeting. */
  tlsRequired: boolean;
}

const GREETING_LIMIT_CHARACTERS = 64 * 1024;

/** Parses an INFO line; null when it is none. Pure. */
export function parseInfo(line: string): NatsInfo | null {
  if (!line.startsWith("INFO ")) return null;
  try {
    const info: Record<string, unknown> = JSON.parse(line.slice(5));
    return {
      name: String(info.server_name ?? ""),
      version: String(info.version ?? ""),
      jetstream: info.jetstream === true,
      tlsRequired: info.tls_required === true,
    };
  } catch {
    return null; // Not a NATS server: whatever it says after "INFO " is not JSON.
  }
}

/** Connects to 127.0.0.1 and reads the greeting; null when nothing (or no nats-server) answers in time. */
export function askNatsInfo(port: number, timeoutMs = 1_000): Promise<NatsInfo | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    let received = "";
    const finish = (info: NatsInfo | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(info);
    };
    const timer = setTimeout(() => finish(null), timeoutMs);
    socket.on("data", (chunk) => {
      received += chunk.toString("utf8");
      const end = received.indexOf("\r\n");
      if (end >= 0) finish(parseInfo(received.slice(0, end)));
      else if (received.length > GREETING_LIMIT_CHARACTERS) finish(null);
    });
    socket.once("error", () => finish(null));
    socket.once("close", () => finish(null));
  });
}
