// A coordinator and several real agents on scripted servers, each on a host of its own: network namespaces where they are
// allowed, else separate data folders on loopback. TLS and an identity for each either way.
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { type ScriptedOllama, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { testNatsServer } from "../../packages/coordinator/src/embedded/testing/stage.ts";
import { type Helper, type Host, mayMakeNamespaces, Namespaces, startRelay } from "./namespaces.ts";
import { type CommandResult, RunningProgram, runToEnd } from "./processes.ts";
import { Stack } from "./stack.ts";
import { waitFor } from "./wait-for.ts";

const GRPC_PORT = 7464;
const BUS_PORT = 4222;
const RELAY_PORT = 4223;
const OLLAMA = "127.0.0.1:11434";

/** A newer nats-server than the system's, which may listen beyond loopback; none: a relay stands in for that. */
const { E2E_NATS_SERVER } = process.env;

/** One machine of the lab. */
export interface LabMachine {
  readonly name: string;
  readonly folder: string;
  readonly host: Host | null;
  readonly engineUrl: string;
  readonly engine: ScriptedOllama;
  agent: RunningProgram | null;
}

/** What the coordinator needs to be reached from the hosts. */
function coordinatorEnv(hub: Host | null): Record<string, string> {
  if (hub === null) return { OZONE_GRPC_ADDRESS: "0.0.0.0:0", OZONE_NATS_LISTEN: "127.0.0.1:0" };
  const grpc = { OZONE_GRPC_ADDRESS: `0.0.0.0:${GRPC_PORT}` };
  return E2E_NATS_SERVER
    ? { ...grpc, OZONE_NATS_SERVER: E2E_NATS_SERVER, OZONE_NATS_LISTEN: `0.0.0.0:${BUS_PORT}` }
    : {
        ...grpc,
        OZONE_NATS_LISTEN: `127.0.0.1:${BUS_PORT}`,
        OZONE_NATS_ADVERTISE: `${hub.address}:${RELAY_PORT}`,
      };
}

/** From within a namespace no package archive can be reached: a program that is not on PATH is fetched before. */
async function natsServerFor(hub: Host | null): Promise<Record<string, string>> {
  return hub === null || E2E_NATS_SERVER ? {} : { OZONE_NATS_SERVER: (await testNatsServer()).path };
}

/** A Unix socket in front of a server of this process, for relays in other namespaces. */
function openSocket(path: string, url: string): Promise<Server> {
  const { hostname, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    near.pipe(far).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
  });
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}

/** Everything together. */
export class Lab {
  readonly stack: Stack;
  readonly machines: LabMachine[] = [];
  /** host:port at which machines enrol. */
  readonly address: string;
  readonly isApart: boolean;
  readonly #namespaces: Namespaces;
  readonly #ends: (() => unknown)[];

  private constructor(options: {
    stack: Stack;
    address: string;
    namespaces: Namespaces;
    isApart: boolean;
    ends: (() => unknown)[];
  }) {
    this.stack = options.stack;
    this.address = options.address;
    this.isApart = options.isApart;
    this.#namespaces = options.namespaces;
    this.#ends = options.ends;
  }

  /** Starts the coordinator, and prepares as many machines. */
  static async start(count: number): Promise<Lab> {
    const isApart = mayMakeNamespaces();
    const namespaces = new Namespaces();
    const ends: (() => unknown)[] = [() => namespaces.remove()];
    try {
      const hub = isApart ? namespaces.hub() : null;
      const env = { ...coordinatorEnv(hub), ...(await natsServerFor(hub)) };
      const stack = await Stack.start(env, hub?.wrapper);
      ends.push(() => stack.stop());
      const runFile = await stack.waitUntilReady();
      const port = runFile?.outsideAddress?.split(":").at(-1);
      if (hub && !E2E_NATS_SERVER) {
        const relay = await startRelay(`${hub.address}:${RELAY_PORT}`, `127.0.0.1:${BUS_PORT}`, hub.wrapper);
        ends.push(() => relay.stop());
      }
      const address = `${hub?.address ?? "127.0.0.1"}:${port}`;
      const lab = new Lab({ stack, address, namespaces, isApart, ends });
      for (let number = 1; number <= count; number += 1) lab.machines.push(await lab.#prepare(number));
      return lab;
    } catch (thrown) {
      for (const end of ends.toReversed()) await end();
      throw thrown;
    }
  }

  async #prepare(number: number): Promise<LabMachine> {
    const name = `lab-${number}`;
    const engine = await startScriptedOllama({});
    this.#ends.push(() => engine.stop());
    const machine = { name, folder: this.stack.agentFolder(name), engine, agent: null };
    if (!this.isApart) return { ...machine, host: null, engineUrl: engine.url };
    const host = this.#namespaces.host(number);
    const path = join(this.stack.dataDir, `${name}.sock`);
    const socket = await openSocket(path, engine.url);
    const relay: Helper = await startRelay(OLLAMA, path, host.wrapper);
    this.#ends.push(
      () => socket.close(),
      () => relay.stop(),
    );
    return { ...machine, host, engineUrl: `http://${OLLAMA}` };
  }

  /** What a program on that machine gets: nothing of the coordinator's but what enrolling brings. */
  #options({ folder, host, engineUrl }: LabMachine) {
    const env = { OZONE_DATA_DIR: `${folder}-home`, OLLAMA_HOST: engineUrl };
    return { env, ...(host ? { wrapper: host.wrapper } : {}) };
  }

  /** `ozone-agent enroll` there, with the token in its environment. */
  enroll(machine: LabMachine, token: string, caFingerprint: string): Promise<CommandResult> {
    const { env, ...where } = this.#options(machine);
    const place = ["--coordinator", this.address, "--ca-fingerprint", caFingerprint];
    return runToEnd("agent", {
      ...where,
      args: ["enroll", "--name", machine.name, "--data-dir", machine.folder, ...place],
      env: { ...env, OZONE_ENROLL_TOKEN: token },
    });
  }

  /** `ozone-agent start` there, until it is ready. @returns its id */
  async begin(machine: LabMachine): Promise<string> {
    const args = ["start", "--name", machine.name, "--data-dir", machine.folder];
    const agent = new RunningProgram("agent", { ...this.#options(machine), args });
    machine.agent = agent;
    const ready = /machine (m-[0-9a-f]+) .* is ready/;
    const output = await waitFor(
      `agent ${machine.name}`,
      () => {
        if (!agent.isRunning) throw new Error(`the agent ended: ${agent.output}`);
        return agent.output;
      },
      { until: (text) => ready.test(text) },
    );
    return ready.exec(output)?.[1] ?? "";
  }

  /** Ends everything, last first. */
  async stop(): Promise<void> {
    await Promise.all(this.machines.map(({ agent }) => agent?.stop()));
    for (const end of this.#ends.toReversed()) await end();
  }
}
