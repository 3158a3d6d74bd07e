// The stage of the integration tests: a temporary folder with servers in it, and the proof at the end that none of
// them is left running.
import { chmod, mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findNatsServer, type NatsBinary } from "../nats-binary.ts";
import { stopOrphans } from "../orphans.ts";
import { readPostgresRecord } from "../postgres-cluster.ts";
import { runCommand } from "../run-command.ts";

export const isRoot = process.getuid?.() === 0;

/** A temporary folder that everyone may enter, with a data folder inside. */
export interface Stage {
  dir: string;
  dataDir: string;
  lines: string[];
  log: (line: string) => void;
  /** Stops what is left, removes the folder, and fails when the test itself had left something running. */
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "ozone-embedded-")));
  await chmod(dir, 0o755);
  const dataDir = join(dir, "data");
  const lines: string[] = [];
  const close = async (): Promise<void> => {
    const away = (await readPostgresRecord(dataDir).catch(() => null))?.cluster ?? dir; // a test may have broken it
    const left = [
      ...(await commandLinesWith(dir)),
      ...(away.startsWith(dir) ? [] : await commandLinesWith(away)),
    ];
    if (left.length > 0) await stopOrphans(dataDir);
    if (!away.startsWith(dir)) await rm(join(away, ".."), { recursive: true, force: true });
    await rm(dir, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`The test left processes running:\n${left.join("\n")}`);
  };
  return { dir, dataDir, lines, log: (line) => lines.push(line), close };
}

/** The running processes whose command line holds a text, as "PID command line". */
export async function commandLinesWith(text: string): Promise<string[]> {
  if (process.platform !== "linux") {
    const { output } = await runCommand({
      file: "ps",
      args: ["-axww", "-o", "pid=,command="],
      timeoutMs: 10_000,
    });
    return output.split("\n").filter((line) => line.includes(text));
  }
  const found: string[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const raw = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => ""); // ended meanwhile
    const line = raw.split("\0").join(" ");
    if (line.includes(text)) found.push(`${entry} ${line}`);
  }
  return found;
}

/** The nats-server of these tests, fetched once per checkout, or a named one. */
export function testNatsServer(named?: string): Promise<NatsBinary> {
  const cacheDir = fileURLToPath(new URL("../../../../../node_modules/.cache/ozone-nats", import.meta.url));
  return findNatsServer({ cacheDir, log: () => undefined, named });
}

/** Polls a state until it is as wanted; on time-out fails with the last state seen. */
export async function eventually<T>(
  look: () => Promise<T> | T,
  wanted: (state: T) => boolean,
  ms = 20_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const state = await look();
    if (wanted(state)) return state;
    if (performance.now() > deadline)
      throw new Error(`Still not so after ${ms} ms: ${JSON.stringify(state)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
