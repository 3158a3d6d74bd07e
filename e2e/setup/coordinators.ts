// Several coordinators on one real Postgres and nats-server, each with a data folder of its own, as on hosts of their own.
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CoordinatorRunFile } from "@ozone/shared/data-folder";
import pg from "pg";
import { startNats } from "../../packages/coordinator/src/embedded/nats-server.ts";
import { startPostgres } from "../../packages/coordinator/src/embedded/postgres.ts";
import { openStage, testNatsServer } from "../../packages/coordinator/src/embedded/testing/stage.ts";
import { RunningProgram, readJson, runToEnd } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

/** One of them. */
export class OneCoordinator {
  readonly name: string;
  readonly process: RunningProgram;
  readonly #env: Readonly<Record<string, string>>;

  constructor(name: string, env: Readonly<Record<string, string>>) {
    this.name = name;
    this.#env = env;
    this.process = new RunningProgram("coordinator", { env });
  }

  /** Its run file, once the process that lives now has written it. */
  async ready(): Promise<CoordinatorRunFile> {
    const file = await waitFor(
      `${this.name} ready`,
      () => {
        if (!this.process.isRunning) throw new Error(`${this.name} ended: ${this.process.output}`);
        return readJson<CoordinatorRunFile>(join(this.#env.OZONE_DATA_DIR ?? "", "run/coordinator.json"));
      },
      { until: (found) => found?.pid === this.process.pid },
    );
    if (file === null) throw new Error("unreachable");
    return file;
  }

  async page(path: string): Promise<{ status: number; text: string }> {
    const { httpAddress } = await this.ready();
    const response = await fetch(`http://${httpAddress}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** Whether it says that it leads. */
  async leads(): Promise<boolean> {
    return (JSON.parse((await this.page("/readyz")).text) as { leads: boolean }).leads;
  }

  /** Runs a command against it. @returns what it printed @throws Error with that when it fails */
  async text(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runToEnd("cli", { args, env: this.#env });
    if (code !== 0) throw new Error(`ozone ${args.join(" ")} ended with ${code}: ${stderr} ${stdout}`);
    return stdout;
  }

  /** Runs a command with --json against it. @throws Error with what it printed when it fails. */
  async json<Document>(args: readonly string[]): Promise<Document> {
    return JSON.parse(await this.text([...args, "--json"])) as Document;
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    process.kill(this.process.pid, signal);
  }
}

/** All of them, and what they share. */
export interface Coordinators {
  readonly dir: string;
  readonly natsUrl: string;
  /** Adds one and waits until it is ready. */
  start(name: string): Promise<OneCoordinator>;
  query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]>;
  stop(): Promise<void>;
}

/** A bus, and how to end it. */
interface SharedBus {
  readonly url: string;
  stop(): Promise<void>;
}

async function ownBus(stage: { dataDir: string; log: (line: string) => void }): Promise<SharedBus> {
  return startNats({ dataDir: stage.dataDir, log: stage.log, binary: (await testNatsServer()).path });
}

/** Starts Postgres and a bus. @param env what every coordinator gets besides */
export async function openCoordinators(
  env: Readonly<Record<string, string>>,
  openBus: (stage: {
    dir: string;
    dataDir: string;
    log: (line: string) => void;
  }) => Promise<SharedBus> = ownBus,
): Promise<Coordinators> {
  const stage = await openStage();
  const { dataDir, log } = stage;
  const postgres = await startPostgres({ dataDir, log });
  const nats = await openBus(stage);
  const started: OneCoordinator[] = [];
  return {
    dir: stage.dir,
    natsUrl: nats.url,
    async start(name) {
      const one = new OneCoordinator(name, {
        OZONE_DATA_DIR: await mkdtemp(join(stage.dir, `${name}-`)),
        OZONE_DATABASE_URL: postgres.url,
        OZONE_NATS_URL: nats.url,
        OZONE_HTTP_ADDRESS: "127.0.0.1:0",
        ...env,
      });
      started.push(one);
      await one.ready();
      return one;
    },
    async query(sql) {
      const client = new pg.Client({ connectionString: postgres.url });
      await client.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    },
    async stop() {
      for (const one of started) {
        if (one.process.isRunning) one.signal("SIGCONT");
        await one.process.stop();
      }
      await nats.stop();
      await postgres.stop();
      await rm(stage.dir, { recursive: true, force: true });
      await stage.close();
    },
  };
}
