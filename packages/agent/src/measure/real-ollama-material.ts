// A real Ollama for the tests that need one: the program that is installed, started on a free port of the loopback
// address with a home and a model folder of its own, and given a small synthetic model without any network.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onPlatform } from "@ozone/shared/platform";
import { newFolder } from "./trial-material.ts";

const engineScript = fileURLToPath(new URL("../../../engine/bin/ozone-engine.js", import.meta.url));

/** Starting takes a second; on a busy machine the search for GPUs may take several. */
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;

/** What the test's model is called. */
export const REAL_MODEL = "ozone-synthetic:4m";

/** The program named by OZONE_OLLAMA, else the first `ollama` on PATH; null when there is none. */
export function ollamaProgram(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.OZONE_OLLAMA) return env.OZONE_OLLAMA;
  const name = onPlatform(process.platform, {
    linux: "ollama",
    macos: "ollama",
    windows: "ollama.exe",
    other: "ollama",
  });
  const candidates = (env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not a program: the next folder of PATH may have it.
    return false;
  }
}

/** A loaded model as /api/ps lists it. */
export interface ListedModel {
  readonly name: string;
  readonly context_length: number;
  readonly expires_at: string;
}

/** A running server. */
export interface RealOllama {
  readonly url: string;
  /** As its log says it. */
  readonly version: string;
  /** One request to its API; the answer's JSON document, whatever the status. */
  ask(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown>;
  /** What /api/ps lists. */
  loaded(): Promise<ListedModel[]>;
  /** Asks until /api/ps lists these names and no others. */
  untilLoaded(names: readonly string[]): Promise<void>;
  /** The last lines of its log, for the message of a failed expectation. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a server and makes the model in it. */
export async function startRealOllama(program: string): Promise<RealOllama> {
  const folder = newFolder();
  const child = spawn(program, ["serve"], {
    env: environmentOf(folder),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const dieWithUs = (): void => void child.kill("SIGKILL");
  process.once("exit", dieWithUs);
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    log = `${log}${chunk.toString("utf8")}`.slice(-100_000);
  });
  const logTail = (): string => log.slice(-3_000);
  const { address, version } = await untilListening(child, () => log);
  const url = `http://${address}`;
  const server: RealOllama = {
    url,
    version,
    ask: (method, path, body) => ask(`${url}${path}`, method, body),
    loaded: () => loadedAt(url),
    untilLoaded: (names) => untilLoaded(url, names),
    log: logTail,
    async stop() {
      process.removeListener("exit", dieWithUs);
      await stop(child);
    },
  };
  try {
    await makeModel(server, folder);
  } catch (thrown) {
    await server.stop();
    throw thrown;
  }
  return server;
}

/** The user's settings, home and models are none of ours: nothing of Ollama's environment is passed on. */
function environmentOf(folder: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OLLAMA_|LLAMA_ARG_|GIN_)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    HOME: folder,
    // Port 0: the server takes a free one and says which.
    OLLAMA_HOST: "127.0.0.1:0",
    OLLAMA_MODELS: join(folder, "models"),
    OLLAMA_NO_CLOUD: "1",
  };
}

async function untilListening(
  child: ChildProcess,
  log: () => string,
): Promise<{ address: string; version: string }> {
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    const [, address, version] = /Listening on ([\d.:]+) \(version ([^)]+)\)/.exec(log()) ?? [];
    if (address !== undefined && version !== undefined) return { address, version };
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`The Ollama server did not start; its log ends with: ${log().slice(-1_000)}`);
    }
    await moment();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(impatience);
}

/** The reference engine writes the file; blob and create are Ollama's own way to a model that is on this machine. */
async function makeModel(server: RealOllama, folder: string): Promise<void> {
  const file = join(folder, "synthetic.gguf");
  const written = spawnSync(process.execPath, [engineScript, "model", "--out", file, "--preset", "4m"]);
  if (written.status !== 0) throw new Error(`The model was not written: ${written.stderr.toString("utf8")}`);
  const bytes = readFileSync(file);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const sent = await fetch(`${server.url}/api/blobs/${digest}`, { method: "POST", body: bytes });
  if (!sent.ok) throw new Error(`The model was not taken (HTTP ${sent.status}): ${await sent.text()}`);
  const request = { model: REAL_MODEL, files: { "synthetic.gguf": digest }, stream: false };
  const made = await server.ask("POST", "/api/create", request);
  if ((made as { status?: unknown }).status !== "success") {
    throw new Error(`The model was not made: ${JSON.stringify(made)}`);
  }
}

async function ask(url: string, method: "GET" | "POST" | "DELETE", body: unknown): Promise<unknown> {
  const answer = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return method === "DELETE" ? null : answer.json();
}

async function loadedAt(url: string): Promise<ListedModel[]> {
  return ((await ask(`${url}/api/ps`, "GET", undefined)) as { models: ListedModel[] }).models;
}

async function untilLoaded(url: string, names: readonly string[]): Promise<void> {
  const deadline = performance.now() + STOP_LIMIT_MS;
  for (;;) {
    const seen = (await loadedAt(url)).map(({ name }) => name);
    if (seen.length === names.length && names.every((name) => seen.includes(name))) return;
    if (performance.now() > deadline) {
      throw new Error(`Loaded are ${JSON.stringify(seen)}, ${JSON.stringify(names)} were expected.`);
    }
    await moment();
  }
}

/** Between two looks at a state. */
const moment = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 25);
  });
