// A runner as the server sees it: one child process with one loaded model. Starting resolves only on the runner's own
// word; an exit without it is a failure, whatever the exit code.
import { type ChildProcess, fork } from "node:child_process";
import type { Log } from "../log.ts";
import type {
  FromRunner,
  GenerationRequest,
  GenerationResult,
  LoadedFacts,
  LoadRequest,
  ToRunner,
} from "../runner/messages.ts";

/** The request asked for something impossible; the message is for the client. */
export class GenerationRefused extends Error {
  override name = "GenerationRefused";
  readonly reason: "input-too-long" | "empty-input";

  constructor(reason: "input-too-long" | "empty-input", message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The client went away or asked to stop. */
export class GenerationCancelled extends Error {
  override name = "GenerationCancelled";
}

/** The runner ended in the middle of something. */
export class RunnerDied extends Error {
  override name = "RunnerDied";
}

/** The model could not be loaded; the message is for the client. */
export class LoadFailed extends Error {
  override name = "LoadFailed";
}

/** One generation's receiver. */
export interface GenerationOptions {
  readonly onToken: (text: string) => void;
  /** Aborting cancels the generation before its next batch. */
  readonly signal: AbortSignal;
}

/** A loaded model. */
export interface Runner {
  readonly facts: LoadedFacts;
  readonly pid: number | undefined;
  /** Rejects with GenerationRefused, GenerationCancelled or RunnerDied. */
  generate(request: GenerationRequest, options: GenerationOptions): Promise<GenerationResult>;
  /** Tokens of a text as a prompt. Rejects with RunnerDied. */
  countTokens(text: string): Promise<number>;
  /** Ends the process and resolves when it is gone. */
  stop(): Promise<void>;
  /** True once the process is gone, wanted or not. */
  readonly gone: boolean;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
}

/** What starting needs besides the request. */
export interface RunnerStart {
  /** The runner's script. */
  readonly script: string;
  readonly log: Log;
  readonly timeoutMs: number;
  /** Aborting gives up the load. */
  readonly signal: AbortSignal;
}

interface Pending {
  readonly onToken: (text: string) => void;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The runner's calls to llama.cpp come one after the other. With Node's usual four threads they would go round the
 * cores, and each step of a small model would begin with cold caches, 10 % and more slower.
 */
const RUNNER_THREADS = "1";

/** Starts a runner and loads the model. Rejects with LoadFailed; the process is gone then or being killed. */
export async function startRunner(request: LoadRequest, start: RunnerStart): Promise<Runner> {
  if (start.signal.aborted) throw new LoadFailed("request canceled");
  const child = fork(start.script, {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, UV_THREADPOOL_SIZE: RUNNER_THREADS },
  });
  const runner = new RunnerProcess(child);
  child.stderr?.on("data", (chunk: Buffer) => process.stderr.write(chunk));
  try {
    runner.facts = await loadedFacts(child, request, start);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  start.log("INFO", "llama runner started", { pid: child.pid, ...runner.facts });
  return runner;
}

function loadedFacts(child: ChildProcess, request: LoadRequest, start: RunnerStart): Promise<LoadedFacts> {
  return new Promise((resolve, reject) => {
    const fail = (message: string): void => reject(new LoadFailed(message));
    const timer = Number.isFinite(start.timeoutMs)
      ? setTimeout(() => fail("timed out waiting for llama runner to start"), start.timeoutMs)
      : undefined;
    const settle = (): void => {
      clearTimeout(timer);
      child.removeAllListeners("message");
    };
    child.on("message", (message: FromRunner) => {
      if (message.type === "loaded") resolve(message.facts);
      if (message.type === "load-failed") fail(`llama runner process has terminated: ${message.message}`);
      settle();
    });
    child.once("error", (error) => fail(`error starting runner: ${error.message}`));
    child.once("exit", (code, signal) => {
      settle();
      fail(`llama runner process has terminated: ${endedHow(code, signal)}`);
    });
    start.signal.addEventListener("abort", () => fail("request canceled"), { once: true });
    send(child, { type: "load", request });
  });
}

class RunnerProcess implements Runner {
  readonly ended: Promise<void>;
  gone = false;
  #child: ChildProcess;
  #facts: LoadedFacts | undefined;
  #pending = new Map<number, Pending>();
  #nextId = 1;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.gone = true;
        this.#failAll(endedHow(code, signal));
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get facts(): LoadedFacts {
    if (this.#facts === undefined) throw new Error("The runner has not loaded its model yet.");
    return this.#facts;
  }

  set facts(facts: LoadedFacts) {
    this.#facts = facts;
    this.#child.on("message", (message: FromRunner) => this.#receive(message));
  }

  async generate(
    request: GenerationRequest,
    { onToken, signal }: GenerationOptions,
  ): Promise<GenerationResult> {
    if (signal.aborted) throw new GenerationCancelled("the request was cancelled");
    const id = this.#nextId;
    const cancel = (): void => send(this.#child, { type: "cancel", id });
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await this.#ask<GenerationResult>({ type: "generate", id, request }, onToken);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  countTokens(text: string): Promise<number> {
    return this.#ask<number>({ type: "count", id: this.#nextId, text }, () => undefined);
  }

  async stop(): Promise<void> {
    if (!this.gone) this.#child.kill("SIGKILL");
    await this.ended;
  }

  #ask<Answer>(message: ToRunner & { id: number }, onToken: (text: string) => void): Promise<Answer> {
    this.#nextId += 1;
    return new Promise<Answer>((resolve, reject) => {
      if (this.gone) {
        reject(new RunnerDied("the runner is gone"));
        return;
      }
      this.#pending.set(message.id, { onToken, resolve: resolve as (value: never) => void, reject });
      send(this.#child, message);
    });
  }

  #receive(message: FromRunner): void {
    if (message.type === "loaded" || message.type === "load-failed") return;
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    if (message.type === "token") {
      pending.onToken(message.text);
      return;
    }
    this.#pending.delete(message.id);
    if (message.type === "done") pending.resolve(message.result as never);
    else if (message.type === "counted") pending.resolve(message.tokens as never);
    else if (message.failure === "cancelled") pending.reject(new GenerationCancelled(message.message));
    else pending.reject(new GenerationRefused(message.failure, message.message));
  }

  #failAll(how: string): void {
    for (const { reject } of this.#pending.values()) reject(new RunnerDied(how));
    this.#pending.clear();
  }
}

function send(child: ChildProcess, message: ToRunner): void {
  // A failed send means that the process is going away; its exit event settles whatever waits for it.
  if (child.connected) child.send(message, () => undefined);
}

/** Go's names for the signals that end runners, as Ollama's messages have them. */
const signalNames: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: "aborted",
  SIGBUS: "bus error",
  SIGILL: "illegal instruction",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};

function endedHow(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `signal: ${signalNames[signal] ?? signal}`;
  return `exit status ${code ?? "unknown"}`;
}
