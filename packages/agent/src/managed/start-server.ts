// Starts the process of a managed server and waits until it answers: on a free port, in a group of its own, with a note
// on disk from before it exists.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Configuration } from "@ozone/proto/configuration";
import { messageOf } from "@ozone/shared/errors";
import { TrialFailure } from "@ozone/shared/failure";
import { formatDuration } from "@ozone/shared/units";
import { findListener } from "../machine/listening-port.ts";
import { describeEngine } from "../ollama/describe-engine.ts";
import { sleep } from "../pause.ts";
import { endServer } from "./end-server.ts";
import { type Environment, type ServerEnvironment, serverEnvironment } from "./environment.ts";
import { killGroup, remaining, type ServerProcess } from "./marked-processes.ts";
import type { ServerPlan } from "./plan-server.ts";
import { ServerLog } from "./server-log.ts";
import { forgetServerNote, writeServerNote } from "./server-notes.ts";

/** A server that was started and answers. */
export interface StartedServer {
  readonly url: string;
  readonly process: ServerProcess & { readonly pid: number };
  readonly settings: ServerEnvironment["settings"];
  readonly log: ServerLog;
  /** Null while it runs, else how it ended. */
  ended(): string | null;
  /** Ends it at once; `stop` still has to be called. */
  kill(): Promise<void>;
  /** Ends it and removes its note. @returns why that could not be done, or null */
  stop(): Promise<string | null>;
}

/** What a start depends on. */
export interface StartOptions {
  readonly plan: ServerPlan;
  readonly configuration: Configuration;
  readonly env: Environment;
  /** Folder for notes. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** The reference engine makes its models at its first start; Ollama answers within seconds. */
const START_LIMIT_MS = 120_000;
const POLL_MS = 30;
/** Somebody else may take the port between our looking and the server's asking for it. */
const TRIES = 3;

/**
 * Starts the server.
 * @throws TrialFailure server_unreachable when it ends or does not answer; cancelled
 */
export async function startServer(options: StartOptions): Promise<StartedServer> {
  for (let tried = 1; ; tried += 1) {
    const server = await launch(options);
    const problem = await readiness(server, options.signal);
    if (problem === null) return server;
    await server.stop();
    if (options.signal.aborted) throw new TrialFailure("cancelled", "The trial was cancelled.");
    const taken = /address already in use|EADDRINUSE|is taken/.test(`${problem} ${server.log.lastWords()}`);
    if (!taken || tried === TRIES) throw new TrialFailure("server_unreachable", problem);
  }
}

async function launch({ plan, configuration, env, folder }: StartOptions): Promise<StartedServer> {
  const port = await freePort();
  const mark = randomUUID();
  const home = join(folder, "managed-home");
  await mkdir(home, { recursive: true });
  const isOllama = plan.program.kind === "ollama";
  const environment = serverEnvironment({
    configuration,
    port,
    modelStore: isOllama ? plan.modelStore : null,
    own: isOllama ? withoutEmptyHome(env) : env,
    usersServer: plan.usersEnvironment,
    fallbackHome: home,
    mark,
  });
  await writeServerNote(folder, { mark, port, pid: null });
  const words = isOllama ? [] : ["--port", String(port), "--data-dir", plan.modelStore];
  const child = spawn(plan.program.command, [...plan.program.words, ...words], {
    env: { ...environment.all },
    cwd: home,
    detached: true,
    windowsHide: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  await spawned(child, plan.program.command, () => forgetServerNote(folder, { mark, port, pid: null }));
  const started = { mark, port, pid: child.pid ?? 0 };
  const server = handleOf(child, started, { settings: environment.settings, folder });
  await writeServerNote(folder, started).catch(async (thrown: unknown) => {
    await server.stop();
    throw thrown;
  });
  return server;
}

/** In a home without one Ollama makes a pair of keys: it gets a home of ours then, so that nothing is left in a person's. */
function withoutEmptyHome(env: Environment): Environment {
  const home = env.HOME ?? env.USERPROFILE;
  const hasKeys = home !== undefined && existsSync(join(home, ".ollama", "id_ed25519"));
  return hasKeys ? env : { ...env, HOME: undefined, USERPROFILE: undefined };
}

async function spawned(child: ChildProcess, command: string, forget: () => Promise<void>): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
  } catch (thrown) {
    await forget();
    throw new TrialFailure("server_unreachable", `${command} can't be started: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
}

function handleOf(
  child: ChildProcess,
  server: StartedServer["process"],
  { settings, folder }: { settings: ServerEnvironment["settings"]; folder: string },
): StartedServer {
  const log = new ServerLog();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (piece: string) => log.add(piece));
  }
  let ended: string | null = null;
  child.once("exit", (code, signal) => {
    ended = signal ? `ended by ${signal}` : `ended with code ${code}`;
  });
  // An agent that ends in a hurry takes its server with it; what a killed one leaves, the next start finds.
  const onExit = (): void => killGroup(server.pid);
  process.once("exit", onExit);
  return {
    url: `http://127.0.0.1:${server.port}`,
    process: server,
    settings,
    log,
    ended: () => ended,
    async kill() {
      await endServer(server, 0);
    },
    async stop() {
      process.removeListener("exit", onExit);
      if (!(await endServer(server))) {
        return `The managed server (process ${server.pid}) could not be ended; end it by hand, or start the agent again.`;
      }
      await forgetServerNote(folder, server);
      return null;
    },
  };
}

/** Waits until it answers. @returns why it does not, in one sentence, or null */
async function readiness(server: StartedServer, signal: AbortSignal): Promise<string | null> {
  const deadlineMs = performance.now() + START_LIMIT_MS;
  while (!signal.aborted) {
    const ended = server.ended();
    const words = server.log.lastWords();
    if (ended !== null)
      return `The managed server ${ended} before it answered; its log says: ${words || "nothing"}.`;
    if ((await describeEngine(server.url, signal)).reachable) return strangerAt(server);
    if (performance.now() > deadlineMs) {
      return `The managed server gave no answer within ${formatDuration(START_LIMIT_MS)}; its log says: ${words || "nothing"}.`;
    }
    await sleep(POLL_MS, signal);
  }
  return "The start was cancelled.";
}

/** Another server may have come first to the port; where it can be seen, ours has to be the one that answers. */
async function strangerAt({ process: { port, ...rest } }: StartedServer): Promise<string | null> {
  const { pid } = await findListener(port);
  if (pid === null || (await remaining({ port, ...rest })).includes(pid)) return null;
  return `Port ${port} is taken by process ${pid}, which answers in place of the managed server.`;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
