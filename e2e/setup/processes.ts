// Real processes of Ozone for scenarios: started, killed, started again, and all ended afterwards.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { secretsIn } from "./secrets-in-logs.ts";

/** Root of the repository: from here, and from the bundle in dist. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Programs by name, through their committed launchers. */
const LAUNCHERS = {
  coordinator: "packages/coordinator/bin/ozone-coordinator.js",
  agent: "packages/agent/bin/ozone-agent.js",
  engine: "packages/engine/bin/ozone-engine.js",
  cli: "packages/cli/bin/ozone.js",
} as const;

/** One of our programs. */
export type Program = keyof typeof LAUNCHERS;

/** How to run it. */
export interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs the program, for example one that gives it a namespace of its own. */
  readonly wrapper?: readonly [string, ...string[]];
  /** Root of a built checkout to run it from, for stories with another version; default: this one. */
  readonly root?: string;
}

/** The words to start a program with. */
function commandLine(
  program: Program,
  { args = [], wrapper = [] as never, root = ROOT }: RunOptions,
): [string, string[]] {
  const [command = process.execPath, ...words] = [
    ...wrapper,
    process.execPath,
    `${root}${LAUNCHERS[program]}`,
    ...args,
  ];
  return [command, words];
}

/** Environment of a process: ours without what belongs to the caller's own Ozone. */
export function cleanEnv(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(OZONE|OLLAMA|VITEST|NODE_ENV)/.test(entry[0]),
  );
  return { ...Object.fromEntries(inherited), ...env };
}

/** A program that can be killed and started again. */
export class RunningProgram {
  #child: ChildProcess;
  #output = "";
  readonly #program: Program;
  readonly #options: RunOptions;

  constructor(program: Program, options: RunOptions = {}) {
    this.#program = program;
    this.#options = options;
    this.#child = this.#spawn();
  }

  #spawn(): ChildProcess {
    const [command, words] = commandLine(this.#program, this.#options);
    const child = spawn(command, words, {
      env: cleanEnv(this.#options.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + String(chunk)).slice(-100_000);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    return child;
  }

  /** What it printed, both streams. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  /** What it logged must hold no secret, whatever the scenario is about. */
  #requireNoSecrets(): void {
    const [first] = secretsIn(this.#output);
    if (first !== undefined) throw new Error(`the log of the ${this.#program} holds ${first}`);
  }

  /** Starts it again after its end. */
  restart(): void {
    this.#child = this.#spawn();
  }

  /** Asks it to stop; after a while it is killed. */
  async stop(): Promise<number | null> {
    if (!this.isRunning) {
      this.#requireNoSecrets();
      return this.#child.exitCode;
    }
    this.#child.kill("SIGTERM");
    const hard = setTimeout(() => this.#child.kill("SIGKILL"), 20_000);
    await once(this.#child, "exit");
    clearTimeout(hard);
    this.#requireNoSecrets();
    return this.#child.exitCode;
  }
}

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function runToEnd(program: Program, options: RunOptions): Promise<CommandResult> {
  const [command, words] = commandLine(program, options);
  const child = spawn(command, words, {
    env: cleanEnv(options.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** Reads a JSON file, or null while it isn't there. */
export function readJson<Content>(path: string): Content | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Content;
  } catch {
    return null;
  }
}
