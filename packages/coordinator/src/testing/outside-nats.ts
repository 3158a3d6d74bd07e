// nats-servers that are not Ozone's, for tests: started from a configuration that somebody wrote, and ended afterwards.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAtLeast } from "../embedded/nats-config.ts";
import { reloadServer } from "../embedded/nats-reload.ts";
import { eventually, testNatsServer } from "../embedded/testing/stage.ts";

/** One of them. */
export interface OutsideNats {
  kill(): Promise<void>;
  /** Has it read its configuration again, and waits until it says so. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, "exit");
}

/** A nats-server that knows the auth callout (2.10): what E2E_NATS_SERVER names, or that of the tests; null: it is older. */
export async function natsServerWithCallout(): Promise<string | null> {
  const { path, version } = await testNatsServer(process.env.E2E_NATS_SERVER);
  return isAtLeast(version, 2, 10) ? path : null;
}

/** Starts one with the lines of its configuration, and waits until it listens. */
export async function startOutsideNats(
  folder: string,
  name: string,
  lines: string,
  program?: string,
): Promise<OutsideNats> {
  const [file, log] = [join(folder, `${name}.conf`), join(folder, `${name}.log`)];
  writeFileSync(file, `server_name: ${name}\nlog_file: ${JSON.stringify(log)}\n${lines}\n`);
  const path = program ?? (await testNatsServer()).path;
  const child = spawn(path, ["-c", file], { stdio: "ignore" });
  const said = () => {
    try {
      return readFileSync(log, "utf8");
    } catch {
      return "";
    }
  };
  await eventually(said, (text) => text.includes("Server is ready") || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(`nats-server ended: ${said()}`);
  return {
    kill: () => end(child, "SIGKILL"),
    stop: () => end(child, "SIGTERM"),
    reload: () => reloadServer(child.pid ?? -1, log),
  };
}
