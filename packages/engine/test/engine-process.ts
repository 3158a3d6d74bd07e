// Starts the built engine as its users do, for the integration tests. A child cannot run TypeScript, so the bundle is
// built first, once per test file. Everything started here is stopped by `stop`, and `stop` fails if a runner is left.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const packageDir = fileURLToPath(new URL("..", import.meta.url));
const bin = join(packageDir, "bin", "ozone-engine.js");

/** Builds dist/ the way `npm run build -w @ozone/engine` does. */
export function buildEngine(): void {
  execFileSync(process.execPath, ["../../scripts/bundle.mjs", "src/main.ts", "src/runner/main.ts"], {
    cwd: packageDir,
  });
}

/** A running engine. */
export interface EngineProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it wrote to stderr so far. */
  log(): string;
  /** Process ids of its runners that are alive now. */
  runnerPids(): number[];
  /** Ends it with SIGTERM, waits until it and its runner are gone and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts an engine on a free port. Fails with the log if it does not listen within 30 s. */
export async function startEngineProcess(
  dataDir: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<EngineProcess> {
  const child = spawn(process.execPath, [bin, "serve", "--port", "0", "--data-dir", dataDir], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let log = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  await until("the engine listens", () => output.includes("\n") || child.exitCode !== null, 30_000);
  if (child.exitCode !== null) throw new Error(`the engine ended with ${child.exitCode}: ${log}`);
  const { listening } = JSON.parse(output) as { listening: string };
  const runnerPids = (): number[] => childrenOf(child.pid);
  return { url: listening, child, log: () => log, runnerPids, stop: () => stopEngine(child, runnerPids()) };
}

async function stopEngine(child: ChildProcess, runners: readonly number[]): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGTERM");
    await until("the engine has ended", () => child.exitCode !== null || child.signalCode !== null, 10_000);
  }
  await until("its runners have ended", () => !runners.some(isAlive), 10_000);
  return child.exitCode;
}

/** A fresh data directory; `remove` deletes it. */
export function temporaryDataDir(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "ozone-engine-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Waits for a state; after the deadline it fails and says what it waited for and what it saw last. */
export async function until(what: string, state: () => unknown, deadlineMs = 10_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  let seen = await state();
  while (!seen) {
    if (performance.now() > endMs)
      throw new Error(`waited ${deadlineMs} ms for: ${what}; last seen: ${String(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    seen = await state();
  }
}

/** True while a process exists (zombies that wait for their parent count as gone). */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== "Z";
}

function childrenOf(parent: number | undefined): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      const stat = statOf(pid);
      return stat !== undefined && stat.parent === parent && stat.state !== "Z";
    });
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    // The process is gone.
    return undefined;
  }
}
