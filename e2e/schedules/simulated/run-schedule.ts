// One schedule: a fresh world, its workload, its faults, and what is left in the end.
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { openStore } from "../../../packages/coordinator/src/store/open-store.ts";
import { storeSweep } from "../../../packages/coordinator/src/testing/made-sweep.ts";
import { addAgent } from "./agent.ts";
import { type Broken, CALM_WINDOW_S, checkAll, readStored } from "./checks.ts";
import { addCoordinator } from "./coordinator.ts";
import type { SimulatedDatabase } from "./database.ts";
import { drawFaults, endOf, type Fault, scheduleFaults } from "./faults.ts";
import { makeWorld, type World } from "./world.ts";

/** Which schedule. */
export interface ScheduleName {
  readonly seed: string;
  readonly number: number;
  /** Instead of drawn ones. */
  readonly faults?: readonly Fault[];
}

/** What came of it. */
export interface ScheduleOutcome {
  readonly number: number;
  readonly faults: readonly Fault[];
  readonly broken: readonly Broken[];
  readonly trace: readonly string[];
  readonly virtualMs: number;
  readonly trials: number;
}

/** After the last fault's end: the longest that a fault-free remainder of the workload takes, with leases to run out. */
const ENDING_MS = 600_000;
/** Work goes on so soon after a fault's end. */
const PROGRESS_MS = 60_000;

function install(world: World): () => void {
  const chance = world.random.fork("chance");
  const { randomUUID } = crypto;
  const hex = () => chance.integer(65_536).toString(16).padStart(4, "0");
  const made = () => `${hex()}${hex()}-${hex()}-${hex()}-${hex()}-${hex()}${hex()}${hex()}` as const;
  Object.assign(crypto, { randomUUID: made });
  const ends = [
    world.clock.install(() => chance.next()),
    world.disk.install(world.clock),
    world.database.install(world.clock),
    () => Object.assign(crypto, { randomUUID }),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const end of ends.toReversed()) end();
    syncBuiltinESMExports();
  };
}

async function fill(world: World, random: ReturnType<typeof seededRandom>): Promise<void> {
  const store = await openStore("postgres://simulated", () => undefined);
  const machines = 2 + random.integer(2);
  const shared = random.next() < 0.5;
  if (random.next() < 0.3) world.failing.add(2048);
  addCoordinator(world, "coordinator-1");
  for (let machine = 1; machine <= machines; machine += 1) {
    const machineId = `m-${machine}`;
    await storeSweep(store, 2 + random.integer(2), machineId, `s-${machine}`);
    addAgent(world, machineId, shared ? "host" : `host-${machine}`);
  }
}

/** Notes each second who called the outside how often of late. */
function watchCalls(world: World): void {
  const before = new Map<object, number[]>();
  const look = () => {
    for (const seat of [...world.coordinators, ...world.agents]) {
      const owner = seat.process;
      if (!owner) continue;
      const seen = [...(before.get(owner) ?? [0]), owner.calls].slice(-CALM_WINDOW_S - 1);
      before.set(owner, seen);
      const calls = owner.calls - (seen[0] ?? 0);
      if (calls > world.busiest.calls) world.busiest = { calls, name: owner.name };
    }
    world.clock.at(world.clock.nowMs + 1_000, look);
  };
  look();
}

/** Asks the store, now and then, whether everything has ended; the answer is used at the next moment. */
function watchEnd(world: World): { over: boolean } {
  const state = { over: false };
  const ask = async () => {
    world.clock.inFlight += 1;
    const rows = await world.database.ask<{ open: boolean }>(
      `select exists (select 1 from sweeps where state = 'running')
           or exists (select 1 from trials where state in ('planned', 'running')) as open`,
    );
    world.clock.inFlight -= 1;
    const outbox = [...world.disk.files.keys()].some(
      (path) => path.endsWith(".result") && !path.includes("/damaged/"),
    );
    state.over = rows[0]?.open === false && !outbox && world.pipe.depth() === 0;
  };
  const look = () => {
    void ask();
    if (!state.over) world.clock.at(world.clock.nowMs + 2_000, look);
  };
  look();
  return state;
}

/** Runs one. */
export async function runSchedule(database: SimulatedDatabase, name: ScheduleName): Promise<ScheduleOutcome> {
  const seed = `${name.seed}/${name.number}`;
  const world = makeWorld(database, seed);
  const random = seededRandom(`${seed}/schedule`);
  const faults = name.faults ?? drawFaults(random.fork("faults"));
  await database.empty();
  const end = install(world);
  const { clock, journal } = world;
  let late: Broken[] = [];
  try {
    let filled = false;
    let failed: unknown = null;
    fill(world, random.fork("workload")).then(
      () => {
        filled = true;
      },
      (thrown: unknown) => {
        failed = thrown;
        filled = true;
      },
    );
    await clock.run(() => filled, 1_000);
    if (failed) throw failed;
    watchCalls(world);
    scheduleFaults(world, faults, random.fork("acts"));
    const last = Math.max(0, ...faults.map(endOf));
    const state = watchEnd(world);
    const lastFaultBegins = Math.max(0, ...faults.map(({ atMs }) => atMs)) + 1;
    const isOver = () => state.over && clock.nowMs > lastFaultBegins;
    if (!(await clock.run(isOver, last + PROGRESS_MS)) && journal.lastEventMs < last)
      late = [{ invariant: "I10", what: `no measurement for ${PROGRESS_MS} ms after the last fault` }];
    await clock.run(isOver, last + ENDING_MS);
  } finally {
    end();
  }
  const stored = await readStored(world);
  const open = stored.trials.some(({ state }) => state === "planned" || state === "running");
  const broken = [...checkAll(world, stored), ...(open ? late : [])];
  return {
    number: name.number,
    faults,
    broken,
    trace: journal.trace,
    virtualMs: clock.nowMs,
    trials: stored.trials.length,
  };
}
