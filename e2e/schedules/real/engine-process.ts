// A scripted Ollama in a process of its own: killed with -9 and started again on the same port; its notes say when it was
// asked to infer, and its own API what it has loaded.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { cleanEnv, ROOT } from "../../setup/processes.ts";

const PROGRAM = `${ROOT}e2e/dist/schedules/real/scripted-engine.js`;

/** From when to when an engine was inferring, in milliseconds since 1970 by the host's own clock. */
export interface BusySpan {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** What an engine has and has loaded. */
export interface EngineState {
  readonly models: string[];
  readonly loaded: string[];
}

/** One that runs, or is away for the moment. */
export class EngineProcess {
  readonly #notes: string;
  readonly #env: Record<string, string>;
  #child: ChildProcess | null = null;
  #url = "";

  private constructor(notes: string, env: Record<string, string>) {
    this.#notes = notes;
    this.#env = env;
  }

  static async start(notes: string, env: Record<string, string>): Promise<EngineProcess> {
    const engine = new EngineProcess(notes, env);
    await engine.#spawn("0");
    return engine;
  }

  get url(): string {
    return this.#url;
  }

  async #spawn(port: string): Promise<void> {
    const stdio = ["ignore", "pipe", "inherit"] as const;
    const child = spawn(process.execPath, [PROGRAM, port, this.#notes], {
      stdio: [...stdio],
      env: cleanEnv(this.#env),
    });
    this.#child = child;
    const said = once(createInterface({ input: child.stdout }), "line");
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the scripted engine ended with ${code} before it listened; is ${PROGRAM} built?`);
    });
    const [line] = (await Promise.race([said, ended])) as [string];
    ended.catch(() => undefined);
    this.#url = (JSON.parse(line) as { url: string }).url;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  restart(): Promise<void> {
    return this.#spawn(new URL(this.#url).port);
  }

  /** What it would show to its user. */
  async state(): Promise<EngineState> {
    const names = async (path: string) => {
      const response = await fetch(`${this.#url}${path}`);
      const { models } = (await response.json()) as { models: { name: string }[] };
      return models.map(({ name }) => name).sort();
    };
    return { models: await names("/api/tags"), loaded: await names("/api/ps") };
  }

  /** When it was asked to infer. A request whose end is missing went down with its process: it counts as a moment. */
  busySpans(): BusySpan[] {
    if (!existsSync(this.#notes)) return [];
    const spans = new Map<string, { startedMs: number; endedMs: number }>();
    for (const text of readFileSync(this.#notes, "utf8").split("\n").filter(Boolean)) {
      const { id, startedMs, endedMs } = JSON.parse(text) as { id: string } & Partial<BusySpan>;
      if (startedMs !== undefined) spans.set(id, { startedMs, endedMs: startedMs });
      const span = spans.get(id);
      if (span && endedMs !== undefined) span.endedMs = endedMs;
    }
    return [...spans.values()];
  }
}
