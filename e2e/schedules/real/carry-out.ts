// What each kind of fault does to a fleet: it begins, lasts, and is ended, so that nothing stays broken that a person or a
// supervisor would not leave broken.
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../../setup/processes.ts";
import { CUTS, type Cut } from "../../setup/tcp-proxy.ts";
import { waitFor } from "../../setup/wait-for.ts";
import type { Fault } from "./draw-schedule.ts";
import type { FaultKind } from "./fault-kinds.ts";
import { type Fleet, type FleetAgent, outboxOf } from "./fleet.ts";
import { pause } from "./moments.ts";

/** A fault that is being carried out. */
export interface Doing {
  readonly fault: Fault;
  readonly fleet: Fleet;
  readonly agent: FleetAgent;
  /** Done when the sweep has ended. */
  readonly later: (act: () => Promise<void>) => void;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const CLOCKS: Readonly<Record<string, number>> = {
  "a day ahead": DAY_MS,
  "a day back": -DAY_MS,
  "an hour ahead": HOUR_MS,
  "an hour back": -HOUR_MS,
};
const FLAP_MS = 400;
/** Copies of a repeated result. */
const COPIES = 3;

const pidIn = (fleet: Fleet, file: string): number =>
  readJson<{ pid: number }>(join(fleet.stack.dataDir, file))?.pid ?? 0;

/** Dead, though perhaps not yet buried by its stopped parent. */
function isDead(pid: number): boolean {
  try {
    return /^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

/** A server that the coordinator supervises; one that a fault before has just killed is waited for. */
function liveServer(fleet: Fleet, file: string): Promise<number> {
  const until = (pid: number) => pid > 1 && !isDead(pid);
  return waitFor(`a live process in ${file}`, () => pidIn(fleet, file), { until });
}

async function killServer(fleet: Fleet, file: string): Promise<void> {
  process.kill(await liveServer(fleet, file), "SIGKILL");
}

async function stopped(pid: number, lastsMs: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await pause(lastsMs);
  process.kill(pid, "SIGCONT");
}

async function partition({ agent: { link }, fault: { way, lastsMs } }: Doing): Promise<void> {
  const end = performance.now() + lastsMs;
  if (way !== "flapping") {
    link.cut(way as Cut);
    await pause(lastsMs);
  }
  for (let turn = 0; performance.now() < end; turn += 1) {
    link.cut(CUTS[turn % CUTS.length] ?? "refused");
    await pause(FLAP_MS);
    link.heal();
    await pause(FLAP_MS);
  }
  link.heal();
}

/** While the coordinator stands still it can't start nats-server again: the store goes in between. */
async function wipeStreams({ fleet }: Doing): Promise<void> {
  const pid = await liveServer(fleet, "nats.json");
  process.kill(fleet.stack.coordinator.pid, "SIGSTOP");
  try {
    process.kill(pid, "SIGKILL");
    await waitFor("the end of nats-server", () => isDead(pid), { until: Boolean });
    rmSync(join(fleet.stack.dataDir, "nats/store"), { recursive: true, force: true });
  } finally {
    process.kill(fleet.stack.coordinator.pid, "SIGCONT");
  }
}

function damage(path: string, way: string): void {
  const bytes = readFileSync(path);
  if (way === "empty") truncateSync(path, 0);
  else if (way === "cut short") truncateSync(path, Math.floor(bytes.length / 2));
  else {
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    writeFileSync(path, bytes);
  }
}

/** A result that could not be sent is damaged on disk while its agent is down. */
async function damageOutbox({ agent, fault: { way, lastsMs } }: Doing): Promise<void> {
  agent.link.cut("refused");
  try {
    // None comes when nobody gives this agent work any more: then there is nothing to damage, and it is only killed.
    await waitFor("a result that waits", () => outboxOf(agent), {
      until: ({ length }) => length > 0,
      limitMs: 10_000,
    }).catch(() => undefined);
    await agent.process.kill();
    for (const name of outboxOf(agent)) damage(join(agent.folder, "outbox", name), way);
    await pause(lastsMs);
  } finally {
    agent.link.heal();
    agent.process.restart();
  }
}

async function repeatResult({ fleet: { tap }, fault: { way, lastsMs }, later }: Doing): Promise<void> {
  const seen = tap.results.at(-1);
  if (!seen) return;
  const repeat = async (): Promise<void> => {
    for (let copy = 0; copy < COPIES; copy += 1) await tap.repeat(seen);
  };
  if (way === "after the sweep") return later(repeat);
  if (way === "later") await pause(lastsMs);
  await repeat();
}

/** What each kind does, from its beginning to its end. */
export const CARRY_OUT: Readonly<Record<FaultKind, (doing: Doing) => Promise<void>>> = {
  async "kill coordinator"({ fleet: { stack }, fault }) {
    await stack.coordinator.kill();
    await pause(fault.lastsMs);
    stack.coordinator.restart();
    await stack.waitUntilReady();
  },
  async "kill agent"({ agent, fault }) {
    await agent.process.kill();
    await pause(fault.lastsMs);
    agent.process.restart();
  },
  async "kill nats-server"({ fleet }) {
    await killServer(fleet, "nats.json");
  },
  async "kill Postgres"({ fleet }) {
    await killServer(fleet, "postgres.json");
  },
  async "kill engine"({ agent, fault }) {
    await agent.engine.kill();
    await pause(fault.lastsMs);
    await agent.engine.restart();
  },
  "stop agent": ({ agent, fault }) => stopped(agent.process.pid, fault.lastsMs),
  "stop coordinator": ({ fleet, fault }) => stopped(fleet.stack.coordinator.pid, fault.lastsMs),
  partition,
  "wipe JetStream": wipeStreams,
  async "fill disk"({ agent, fault }) {
    agent.disk?.fill();
    await pause(fault.lastsMs);
    agent.disk?.makeRoom();
  },
  "damage outbox": damageOutbox,
  "repeat result": repeatResult,
  async "step clock"({ agent, fault }) {
    agent.setClock(CLOCKS[fault.way] ?? 0);
    await pause(fault.lastsMs);
    agent.setClock(0);
  },
};
