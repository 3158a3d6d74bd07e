// A data folder on which coordinators, agents and command lines of two versions take turns: real processes, with the
// folder's own Postgres and nats-server, and a scripted Ollama for each machine.
import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CoordinatorRunFile } from "@ozone/shared/data-folder";
import { type ScriptedOllama, scriptedModel, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import pg from "pg";
import { type JournalLine, readJournal } from "../setup/journal.ts";
import { type CommandResult, RunningProgram, readJson, runToEnd } from "../setup/processes.ts";
import { waitFor } from "../setup/wait-for.ts";

/** A built checkout. */
export interface Version {
  /** As it is said in the lines that are printed. */
  readonly name: string;
  /** Its root, with a slash at the end. */
  readonly root: string;
}

/** One machine: its folder and engine stay, its agent's version changes. */
export interface SiteMachine {
  readonly name: string;
  readonly folder: string;
  readonly engine: ScriptedOllama;
  id: string;
  agent: RunningProgram | null;
}

/** What the two sweeps measure: one model each, so that the results of one don't touch the presets of the other. */
export const MODELS = ["scripted:first", "scripted:second"] as const;

/** Longer than any switch takes: no lease may end in this story. */
const LEASE_MS = 60_000;

const INFERS = /^\/api\/(generate|chat)$/;

/** Two equal machines on one host, so that one measures while the other waits for the host. */
export class Site {
  readonly dataDir: string;
  readonly machines: SiteMachine[] = [];
  #coordinator: RunningProgram | null = null;
  readonly #started: RunningProgram[] = [];
  #last: Version;

  private constructor(dataDir: string, version: Version) {
    this.dataDir = dataDir;
    this.#last = version;
  }

  static async open(names: readonly string[], version: Version): Promise<Site> {
    const dataDir = await mkdtemp(join(tmpdir(), "ozone-upgrade-"));
    await chmod(dataDir, 0o755);
    const site = new Site(dataDir, version);
    for (const name of names) {
      const engine = await startScriptedOllama({ models: MODELS.map((model) => scriptedModel(model)) });
      const folder = join(dataDir, `agent-${name}`);
      site.machines.push({ name, folder, engine, id: "", agent: null });
    }
    return site;
  }

  get env(): Record<string, string> {
    return { OZONE_DATA_DIR: this.dataDir, OZONE_LEASE_MS: String(LEASE_MS) };
  }

  /** The coordinator that was started last. */
  get coordinator(): RunningProgram {
    if (!this.#coordinator) throw new Error("no coordinator has been started");
    return this.#coordinator;
  }

  machine(name: string): SiteMachine {
    const machine = this.machines.find((one) => one.name === name);
    if (!machine) throw new Error(`there is no machine ${name}`);
    return machine;
  }

  /** Starts a coordinator of this version and waits until it serves. @returns milliseconds until then */
  async startCoordinator(version: Version): Promise<number> {
    const began = performance.now();
    const program = this.#begin(new RunningProgram("coordinator", { root: version.root, env: this.env }));
    this.#coordinator = program;
    this.#last = version;
    const runFile = () => {
      if (!program.isRunning) throw new Error(`the coordinator ended: ${program.output}`);
      return readJson<CoordinatorRunFile>(join(this.dataDir, "run/coordinator.json"));
    };
    await waitFor("a ready coordinator", runFile, { until: (file) => file?.pid === program.pid });
    return Math.round(performance.now() - began);
  }

  #begin(program: RunningProgram): RunningProgram {
    this.#started.push(program);
    return program;
  }

  /** Starts an agent of this version on the machine's folder, without waiting for it. */
  spawnAgent(machine: SiteMachine, version: Version): RunningProgram {
    const { natsUrl = "" } = readJson<CoordinatorRunFile>(join(this.dataDir, "run/coordinator.json")) ?? {};
    const env = { ...this.env, OLLAMA_HOST: machine.engine.url, OZONE_NATS_URL: natsUrl };
    const args = ["start", "--name", machine.name, "--data-dir", machine.folder];
    machine.agent = this.#begin(new RunningProgram("agent", { root: version.root, args, env }));
    return machine.agent;
  }

  /** Waits until the machine's agent has been taken in. @throws when it comes under another id than before */
  async agentReady(machine: SiteMachine): Promise<void> {
    const { agent } = machine;
    const ready = /machine (m-[0-9a-f]+) .* is ready/;
    const ask = () => {
      if (!agent?.isRunning) throw new Error(`the agent ended: ${agent?.output}`);
      return agent.output;
    };
    const output = await waitFor(`agent ${machine.name}`, ask, { until: (text) => ready.test(text) });
    const id = ready.exec(output)?.[1] ?? "";
    if (machine.id !== "" && machine.id !== id)
      throw new Error(`${machine.name} was ${machine.id} and came back as ${id}`);
    machine.id = id;
  }

  /** The command line of that version; default: the coordinator's own. */
  ozone(args: readonly string[], version = this.#last): Promise<CommandResult> {
    return runToEnd("cli", { root: version.root, args, env: this.env });
  }

  /** A command with --json. @throws Error with what it printed when it fails */
  async json<Document>(args: readonly string[], version = this.#last): Promise<Document> {
    const { code, stdout, stderr } = await this.ozone([...args, "--json"], version);
    if (code !== 0) throw new Error(`ozone ${args.join(" ")} ended with ${code}: ${stderr} ${stdout}`);
    return JSON.parse(stdout) as Document;
  }

  /** Asks the folder's Postgres. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const record = readJson<{ port: number; password: string }>(join(this.dataDir, "postgres.json"));
    const client = new pg.Client({
      ...{ host: "127.0.0.1", user: "ozone", database: "ozone" },
      ...{ port: record?.port ?? 0, password: record?.password ?? "" },
    });
    client.on("error", () => undefined); // the coordinator's stop may end Postgres under us: the query says so
    await client.connect();
    try {
      return (await client.query<Row>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends everything that was started and removes the folder. */
  async end(): Promise<void> {
    for (const program of this.#started.toReversed()) {
      if (program.isRunning) process.kill(program.pid, "SIGCONT");
      await program.stop();
    }
    await runToEnd("coordinator", { root: this.#last.root, args: ["stop-leftovers"], env: this.env });
    for (const { engine } of this.machines) await engine.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** trial/attempt of results that have no receipt yet. */
export function outboxOf({ folder }: SiteMachine): string[] {
  const outbox = join(folder, "outbox");
  const names = existsSync(outbox) ? readdirSync(outbox).filter((name) => name.endsWith(".result")) : [];
  return names.map((name) => name.slice(0, -".result".length).replace(/\.(\d+)$/, "/$1"));
}

/** What its agents wrote down themselves, of whatever version. */
export const journalOf = ({ folder }: SiteMachine): JournalLine[] => readJournal(folder);

/** How often its engine was asked to infer so far. */
export const inferences = ({ engine }: SiteMachine): number =>
  engine.requests.filter(({ path }) => INFERS.test(path)).length;
