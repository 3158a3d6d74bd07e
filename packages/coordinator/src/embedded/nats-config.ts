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
  agents: readonly AgentUser[] = [],
): string {
  const modern = isAtLeast(version, 2, 10);
  // Quoted strings of this format take the same escapes as JSON's for all that a path can hold.
  const text = (value: string): string => JSON.stringify(value);
  const lines = [
    "# Written by Ozone at each start; changes are lost.",
    `server_name: ${text(record.name)}`,
    `listen: ${text(`127.0.0.1:${port}`)}`,
    `pid_file: ${text(paths.pidFile)}`,
    `log_file: ${text(paths.logFile)}`,
    "logfile_size_limit: 16MB",
    ...(modern ? ["logfile_max_num: 2"] : []),
    `max_payload: ${MAX_PAYLOAD}`,
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
