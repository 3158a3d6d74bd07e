// The configuration of the embedded nats-server, as text, and what depends on the server's version. Pure.
import type { NatsPaths, NatsRecord } from "./nats-record.ts";
import { type AgentUser, usersBlock } from "./nats-users.ts";

const MAX_FILE_STORE = "1GB";
const MAX_MEMORY_STORE = "64MB";
const MAX_PAYLOAD = "1MB";

/** True when `version` (such as "2.9.10" or "v2.12.0-beta.1") is at least major.minor; false when it is no version. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const found = /^v?(\d+)\.(\d+)\./.exec(`${version}.`);
  if (found === null) return false;
  const [itsMajor, itsMinor] = [Number(found[1]), Number(found[2])];
  return itsMajor > major || (itsMajor === major && itsMinor >= minor);
}

const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** Where it listens when not on loopback alone, and what it shows there. */
export interface NatsTls {
  /** "127.0.0.1", or "0.0.0.0" or "::" for all addresses. */
  readonly host: string;
  readonly certificate: string;
  readonly key: string;
}

/** The first version of each series without holes that an agent of ours could use, by minor version of 2. */
const FIRST_GOOD_PATCH: Readonly<Record<number, number>> = { 10: 27, 11: 15, 12: 6 };

/**
 * Null when the version may listen for others. Before 2.10.27, and in 2.11.0, any user may delete streams
 * (CVE-2025-30215); in 2.11 before 2.11.15 and 2.12 before 2.12.6 a user can have trace messages sent to subjects that it may
 * not write (CVE-2026-33249). Later advisories are about MQTT, WebSocket, leaf nodes and deny rules, which Ozone has none of.
 */
export function tooOldForOthers(version: string): string | null {
  const [, minor = -1, patch = -1] = (/^v?2\.(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (isAtLeast(version, 2, 13) || patch >= (FIRST_GOOD_PATCH[minor] ?? Number.POSITIVE_INFINITY))
    return null;
  return `nats-server ${version} has known holes (CVE-2025-30215, CVE-2026-33249) and listens on loopback only; name one of 2.10.27, 2.11.15, 2.12.6 or later in OZONE_NATS_SERVER, or let OZONE_NATS_LISTEN name 127.0.0.1.`;
}

/**
 * Writes the configuration. `sync_interval: always` (fsync before each acknowledgement) and `logfile_max_num` came
 * with nats-server 2.10.0; 2.9 refuses to start when it sees them. With 2.9 a power loss can lose acknowledged
 * messages: Postgres is the record, the stream is rebuilt from it.
 */
export function natsConfig(
  record: NatsRecord,
  port: number,
  paths: NatsPaths,
  version: string,
  { tls = null, agents = [] }: { readonly tls?: NatsTls | null; readonly agents?: readonly AgentUser[] } = {},
): string {
  const modern = isAtLeast(version, 2, 10);
  // Quoted strings of this format take the same escapes as JSON's for all that a path can hold.
  const text = (value: string): string => JSON.stringify(value);
  const lines = [
    "# Written by Ozone at each start; changes are lost.",
    `server_name: ${text(record.name)}`,
    `listen: ${text(`${bracketed(tls?.host ?? "127.0.0.1")}:${port}`)}`,
    `pid_file: ${text(paths.pidFile)}`,
    `log_file: ${text(paths.logFile)}`,
    "logfile_size_limit: 16MB",
    ...(modern ? ["logfile_max_num: 2"] : []),
    `max_payload: ${MAX_PAYLOAD}`,
    ...(tls === null
      ? []
      : [
          "tls {",
          `  cert_file: ${text(tls.certificate)}`,
          `  key_file: ${text(tls.key)}`,
          "  timeout: 5",
          "}",
        ]),
    ...usersBlock(record, agents),
    "jetstream {",
    `  store_dir: ${text(paths.store)}`,
    `  max_file_store: ${MAX_FILE_STORE}`,
    `  max_memory_store: ${MAX_MEMORY_STORE}`,
    ...(modern ? ["  sync_interval: always"] : []),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}
