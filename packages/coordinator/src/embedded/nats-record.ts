// What the embedded nats-server leaves in the data folder: its record (nats.json), the places of its files, and the
// process that runs on them.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isServer, type ServerIdentity } from "./process-identity.ts";
import { numberField, readState, textField } from "./state-file.ts";

/** What nats.json in the data folder (mode 0600) keeps. */
export interface NatsRecord {
  /** Random server name, which the server tells everyone who connects: how a running one is recognised as ours. */
  name: string;
  user: string;
  password: string;
  /** Kept from start to start, so that clients find the server again at the address they know. */
  port: number | null;
  /** Process id of the server that was last started or adopted. */
  pid: number | null;
  version: string | null;
}

/** Places of the server's files, absolute. */
export interface NatsPaths {
  folder: string;
  config: string;
  pidFile: string;
  logFile: string;
  store: string;
}

/** Path of the record in a data folder. */
export function natsRecordFile(dataDir: string): string {
  return join(dataDir, "nats.json");
}

/** Where the server's files lie in a data folder. */
export function natsPaths(dataDir: string): NatsPaths {
  const folder = join(dataDir, "nats");
  const inside = (name: string): string => join(folder, name);
  const [config, pidFile] = [inside("nats.conf"), inside("nats-server.pid")];
  return { folder, config, pidFile, logFile: inside("nats-server.log"), store: inside("store") };
}

/** What the command line of the server of a data folder holds. */
export function natsIdentity(paths: NatsPaths): ServerIdentity {
  return { program: null, option: ["-c", paths.config] };
}

/** Reads the record; what it lacks, such as the password on the first start, is made at random. */
export async function readOrMakeRecord(file: string): Promise<NatsRecord> {
  const state = await readState(file);
  return {
    name: textField(state, "name") ?? `ozone-${randomBytes(6).toString("hex")}`,
    user: textField(state, "user") ?? "ozone",
    password: textField(state, "password") ?? randomBytes(24).toString("hex"),
    port: numberField(state, "port"),
    pid: numberField(state, "pid"),
    version: textField(state, "version"),
  };
}

/** Process id of the server that runs on this data folder, by the server's own pid file and by the record; or null. */
export async function findNatsProcess(paths: NatsPaths, recordedPid: number | null): Promise<number | null> {
  const text = await readFile(paths.pidFile, "utf8").catch(() => ""); // never started, or ended in order
  for (const pid of [Number.parseInt(text, 10), recordedPid]) {
    if (pid !== null && Number.isInteger(pid) && (await isServer(pid, natsIdentity(paths)))) return pid;
  }
  return null;
}
