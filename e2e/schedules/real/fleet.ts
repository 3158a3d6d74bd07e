// What a schedule strikes: a coordinator with its own Postgres and nats-server, and two agents, each behind a network that
// can fail, on an engine that can be killed, with a clock that can be stepped; the first on a small disk, as root.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type JournalLine, readJournal } from "../../setup/journal.ts";
import { ROOT, RunningProgram } from "../../setup/processes.ts";
import { Stack } from "../../setup/stack.ts";
import { TcpProxy } from "../../setup/tcp-proxy.ts";
import { waitFor } from "../../setup/wait-for.ts";
import { BusTap } from "./bus-tap.ts";
import { AGENTS, ON_SMALL_DISK } from "./draw-schedule.ts";
import { EngineProcess } from "./engine-process.ts";
import { LEASE_MS } from "./fault-kinds.ts";
import { SmallDisk } from "./small-disk-holder.ts";

const PRELOAD = pathToFileURL(`${ROOT}e2e/schedules/real/clock-preload.mjs`).href;

/** An agent and what it depends on. */
export interface FleetAgent {
  readonly process: RunningProgram;
  readonly machineId: string;
  readonly link: TcpProxy;
  readonly engine: EngineProcess;
  readonly disk: SmallDisk | null;
  /** Its data folder, as the harness sees it. */
  readonly folder: string;
  /** Sets its wall clock off by so much. */
  setClock(offsetMs: number): void;
}

/** Names of results that have no receipt yet. */
export const outboxOf = ({ folder }: FleetAgent): string[] => {
  const outbox = join(folder, "outbox");
  return existsSync(outbox) ? readdirSync(outbox).filter((name) => name.endsWith(".result")) : [];
};

/** All of it, in a folder of its own. */
export class Fleet {
  readonly stack: Stack;
  readonly agents: FleetAgent[] = [];
  readonly #opened: (() => Promise<unknown>)[] = [];
  #tap: BusTap | null = null;

  private constructor(stack: Stack) {
    this.stack = stack;
  }

  /** @param onStarted told at once of what has to be ended, also when the rest fails to start. */
  static async start(onStarted: (fleet: Fleet) => void): Promise<Fleet> {
    const stack = await Stack.start({ OZONE_LEASE_MS: String(LEASE_MS) });
    const fleet = new Fleet(stack);
    onStarted(fleet);
    await mkdir(join(stack.dataDir, "tmp"), { mode: 0o777 });
    const { natsUrl = "" } = (await stack.waitUntilReady()) ?? {};
    fleet.#tap = fleet.#opens(await BusTap.open(natsUrl), (tap) => tap.close());
    for (let place = 0; place < AGENTS; place += 1)
      fleet.agents.push(await fleet.#startAgent(place, natsUrl));
    return fleet;
  }

  get tap(): BusTap {
    if (!this.#tap) throw new Error("the ear on the bus is not open yet");
    return this.#tap;
  }

  /** All journal lines, by machine. */
  journals(): Map<string, JournalLine[]> {
    return new Map(this.agents.map(({ machineId, folder }) => [machineId, readJournal(folder)]));
  }

  #opens<Thing>(thing: Thing, close: (thing: Thing) => Promise<unknown>): Thing {
    this.#opened.push(() => close(thing));
    return thing;
  }

  async #startAgent(place: number, natsUrl: string): Promise<FleetAgent> {
    const { stack } = this;
    const name = `agent-${place}`;
    const dataDir = stack.agentFolder(String(place));
    const [clock, notes] = [`clock-${place}`, `engine-${place}.jsonl`].map((file) =>
      join(stack.dataDir, file),
    );
    const engine = this.#opens(await EngineProcess.start(notes ?? "", stack.env), (one) => one.kill());
    const link = this.#opens(await TcpProxy.start(Number(new URL(natsUrl).port)), (one) => one.stop());
    const isRoot = process.getuid?.() === 0;
    const disk =
      isRoot && place === ON_SMALL_DISK
        ? this.#opens(await SmallDisk.mount(dataDir), (one) => one.unmount())
        : null;
    const throughLink = new URL(natsUrl);
    throughLink.port = String(link.port);
    const env = {
      ...stack.env,
      OLLAMA_HOST: engine.url,
      OZONE_NATS_URL: throughLink.href,
      OZONE_SCHEDULE_CLOCK: clock ?? "",
      NODE_OPTIONS: `--import=${PRELOAD}`,
      TMPDIR: join(stack.dataDir, "tmp"),
    };
    const args = ["start", "--name", name, "--data-dir", dataDir];
    const program = new RunningProgram("agent", { args, env, ...(disk ? { wrapper: disk.wrapper } : {}) });
    this.#opens(program, endHard);
    const ready = /machine (m-[0-9a-f]+) .* is ready/;
    const output = await waitFor(`agent ${name}`, () => program.output, {
      until: (text) => ready.test(text),
    });
    return {
      ...{ process: program, link, engine, disk, machineId: ready.exec(output)?.[1] ?? "" },
      folder: disk?.seenFromOutside ?? dataDir,
      setClock: (offsetMs) => writeFileSync(clock ?? "", String(offsetMs)),
    };
  }

  /** Copies what a person would look at into `folder`: journals, logs, notes of the engines. */
  async keepLogs(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    writeFileSync(join(folder, "coordinator.log"), this.stack.coordinator.output);
    for (const [place, agent] of this.agents.entries()) {
      writeFileSync(join(folder, `agent-${place}.log`), agent.process.output);
      for (const name of ["journal.jsonl", "outbox"])
        await copyIfThere(agent.folder, folder, name, `agent-${place}.`);
      await copyIfThere(this.stack.dataDir, folder, `engine-${place}.jsonl`);
    }
    for (const name of ["postgres.log", "nats/nats-server.log"]) {
      await copyIfThere(this.stack.dataDir, folder, name);
    }
  }

  /** Ends the agents: orders that are left stay where they are. */
  async stopAgents(): Promise<void> {
    for (const agent of this.agents) await agent.process.stop();
  }

  /** Ends everything that was started and removes the folder. */
  async end(): Promise<void> {
    for (const close of this.#opened.toReversed()) await close().catch(() => undefined);
    await this.stack.stop();
  }
}

/** What may be stopped can't end by itself. */
const endHard = (program: RunningProgram): Promise<void> => program.kill();

async function copyIfThere(from: string, to: string, name: string, prefix = ""): Promise<void> {
  const source = join(from, name);
  if (existsSync(source))
    await cp(source, join(to, `${prefix}${name.replaceAll("/", "-")}`), { recursive: true });
}
