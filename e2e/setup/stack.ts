// A whole Ozone in a folder of its own: coordinator with real Postgres and NATS, engines, agents, and the command line.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { TrialResultSchema } from "@ozone/proto/trial";
import type { CoordinatorRunFile } from "@ozone/shared/data-folder";
import pg from "pg";
import { type CommandResult, RunningProgram, type RunOptions, readJson, runToEnd } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

/** Leases short enough for tests, long enough for a busy machine. */
const LEASE_MS = 6_000;

/** An agent of the stack and where it keeps its things. */
export interface StackAgent {
  readonly process: RunningProgram;
  readonly dataDir: string;
  readonly machineId: string;
}

/** Everything that a scenario needs. */
export class Stack {
  readonly dataDir: string;
  readonly coordinator: RunningProgram;
  readonly #programs: RunningProgram[] = [];

  /** How the coordinator's host is entered, where it is one of its own. */
  readonly #where: Pick<RunOptions, "wrapper">;

  private constructor(
    dataDir: string,
    env: Readonly<Record<string, string>>,
    wrapper?: RunOptions["wrapper"],
  ) {
    this.dataDir = dataDir;
    this.#where = wrapper ? { wrapper } : {};
    this.coordinator = new RunningProgram("coordinator", { env: { ...this.env, ...env }, ...this.#where });
  }

  /** Starts a coordinator and waits until it is ready. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    wrapper?: RunOptions["wrapper"],
  ): Promise<Stack> {
    const dataDir = await mkdtemp(join(tmpdir(), "ozone-e2e-"));
    await chmod(dataDir, 0o755);
    const stack = new Stack(dataDir, env, wrapper);
    try {
      await stack.waitUntilReady();
      return stack;
    } catch (thrown) {
      await stack.stop();
      throw thrown;
    }
  }

  get env(): Record<string, string> {
    return { OZONE_DATA_DIR: this.dataDir, OZONE_LEASE_MS: String(LEASE_MS) };
  }

  /** The run file of the coordinator that lives now. */
  waitUntilReady(): Promise<CoordinatorRunFile | null> {
    return waitFor(
      "a ready coordinator",
      () => {
        if (!this.coordinator.isRunning) throw new Error(`the coordinator ended: ${this.coordinator.output}`);
        return readJson<CoordinatorRunFile>(join(this.dataDir, "run/coordinator.json"));
      },
      { until: (file) => file?.pid === this.coordinator.pid },
    );
  }

  /** Starts a reference engine. @returns its URL */
  async startEngine(): Promise<string> {
    const env = { ...this.env, OZONE_ENGINE_DATA_DIR: join(this.dataDir, "engine") };
    const engine = this.#add(new RunningProgram("engine", { args: ["serve", "--port", "0"], env }));
    const line = /\{"listening":"(http:[^"]+)"/;
    const output = await waitFor("a listening engine", () => engine.output, {
      until: (text) => line.test(text),
    });
    return line.exec(output)?.[1] ?? "";
  }

  /** Where an agent of that name keeps its things. */
  agentFolder(name: string): string {
    return join(this.dataDir, `agent-${name}`);
  }

  /** Starts an agent and waits until the coordinator shows it online. */
  async startAgent(name: string, engineUrl: string, wrapper?: RunOptions["wrapper"]): Promise<StackAgent> {
    const dataDir = this.agentFolder(name);
    const { natsUrl = "", natsCa } = (await this.waitUntilReady()) ?? {};
    const args = ["start", "--name", name, "--data-dir", dataDir];
    const env = {
      ...this.env,
      OLLAMA_HOST: engineUrl,
      OZONE_NATS_URL: natsUrl,
      ...(natsCa ? { OZONE_NATS_CA: natsCa } : {}),
    };
    const process = this.#add(new RunningProgram("agent", { args, env, ...(wrapper ? { wrapper } : {}) }));
    const ready = /machine (m-[0-9a-f]+) .* is ready/;
    const output = await waitFor(
      `agent ${name}`,
      () => {
        if (!process.isRunning) throw new Error(`the agent ended: ${process.output}`);
        return process.output;
      },
      { until: (text) => ready.test(text) },
    );
    return { process, dataDir, machineId: ready.exec(output)?.[1] ?? "" };
  }

  #add(program: RunningProgram): RunningProgram {
    this.#programs.push(program);
    return program;
  }

  /** Runs the command line against this stack. */
  ozone(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    return runToEnd("cli", { args, env: { ...this.env, ...env }, ...this.#where });
  }

  /** Runs a command with --json. @throws Error with what it printed when it fails. */
  async json<Document = Record<string, unknown>>(args: readonly string[]): Promise<Document> {
    const { code, stdout, stderr } = await this.ozone([...args, "--json"]);
    if (code !== 0) throw new Error(`ozone ${args.join(" ")} ended with ${code}: ${stderr} ${stdout}`);
    return JSON.parse(stdout) as Document;
  }

  /** Asks the embedded Postgres. */
  async query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
    const record = readJson<{ port: number; password: string }>(join(this.dataDir, "postgres.json"));
    const client = new pg.Client({
      host: "127.0.0.1",
      port: record?.port ?? 0,
      user: "ozone",
      password: record?.password ?? "",
      database: "ozone",
    });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** When each stored attempt ran, by its own machine's clock, in order. All agents here share one clock. */
  async resultSpans(): Promise<{ machineId: string; startedAt: number; finishedAt: number }[]> {
    const rows = await this.query<{ payload: Buffer }>("select payload from results");
    return rows
      .map(({ payload }) => fromBinary(TrialResultSchema, payload))
      .map(({ machineId, startedAt, finishedAt }) => ({
        machineId,
        startedAt: startedAt ? timestampMs(startedAt) : 0,
        finishedAt: finishedAt ? timestampMs(finishedAt) : 0,
      }))
      .sort((a, b) => a.startedAt - b.startedAt);
  }

  /** Ends everything and removes the folder. */
  async stop(): Promise<void> {
    for (const program of this.#programs.toReversed()) await program.stop();
    await this.coordinator.stop();
    await runToEnd("coordinator", { args: ["stop-leftovers"], env: this.env, ...this.#where });
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
