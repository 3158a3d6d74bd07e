// Faults: drawn from the seed, each with its moment and length, and what each does to the world.
import type { SeededRandom } from "@ozone/shared/statistics/seeded-random";
import { addCoordinator } from "./coordinator.ts";
import { forge } from "./hostile.ts";
import { killProcess } from "./process.ts";
import type { Seat, World } from "./world.ts";

/** One fault of a schedule. */
export interface Fault {
  readonly kind: keyof typeof FAULTS;
  readonly atMs: number;
  readonly lastsMs: number;
}

type Act = (world: World, random: SeededRandom, lastsMs: number) => void;

const LONG_MS = 600_000;

function later(world: World, ms: number, act: () => void): void {
  world.clock.at(world.clock.nowMs + ms, act);
}

/** kill -9 at one of its next calls, before or after it took effect; started again afterwards. */
function kill(world: World, seat: Seat, random: SeededRandom, lastsMs: number): void {
  const owner = seat.process;
  if (!owner?.alive) return;
  owner.dieAt = { call: owner.calls + 1 + random.integer(25), after: random.next() < 0.5 };
  later(world, lastsMs, () => {
    killProcess(owner);
    world.journal.say(world.clock.nowMs, `${seat.name} starts again`);
    if (seat.process === owner) seat.start();
  });
}

function stop(world: World, seat: Seat, lastsMs: number): void {
  if (seat.process) seat.process.stoppedUntilMs = world.clock.nowMs + lastsMs;
}

function partition(
  world: World,
  seat: Seat,
  ways: readonly ("toServer" | "fromServer")[],
  lastsMs: number,
): void {
  for (const way of ways) seat.link[way] = false;
  later(world, lastsMs, () => {
    for (const way of ways) seat.link[way] = true;
  });
}

function flap(world: World, seat: Seat, lastsMs: number): void {
  for (let at = 0; at < lastsMs; at += 4_000)
    later(world, at, () => partition(world, seat, ["toServer", "fromServer"], 2_000));
}

const killPipe =
  (wiped: boolean): Act =>
  (world, _random, lastsMs) => {
    world.pipe.kill(wiped);
    later(world, lastsMs, () => world.pipe.start());
  };

const weather =
  (change: Partial<World["pipe"]["weather"]>): Act =>
  (world, _random, lastsMs) => {
    Object.assign(world.pipe.weather, change);
    later(world, lastsMs, () => Object.assign(world.pipe.weather, { duplicate: 0, lose: 0, lateMs: 5 }));
  };

/** Postgres dies at the next COMMIT (or now), and is away for a while. */
const killPostgres =
  (at: "before" | "after" | null): Act =>
  ({ database, clock }, _random, lastsMs) => {
    const down = () => {
      database.downUntilMs = clock.nowMs + lastsMs;
    };
    if (at === null) return down();
    database.atCommit = at;
    database.onCommitFailed = down;
  };

const HOUR_MS = 3_600_000;

/** The wall clock of one process steps, by an hour or a day, and is right again later. */
function stepClock(world: World, seat: Seat, random: SeededRandom, lastsMs: number): void {
  const owner = seat.process;
  if (!owner) return;
  owner.dateOffsetMs = random.pick([-24, -1, 1, 24]) * HOUR_MS;
  later(world, lastsMs, () => {
    owner.dateOffsetMs = 0;
  });
}

function corrupt({ disk, journal, clock }: World, random: SeededRandom): void {
  const waiting = [...disk.files.keys()].filter(
    (path) => path.endsWith(".result") && !path.includes("damaged"),
  );
  if (waiting.length === 0) return;
  const path = random.pick(waiting);
  const bytes = Buffer.from(disk.files.get(path) ?? Buffer.alloc(0));
  disk.files.set(path, random.next() < 0.5 ? bytes.subarray(0, bytes.length / 2) : bytes.fill(7, 12, 20));
  journal.say(clock.nowMs, `damaged ${path}`);
}

const agent = (world: World, random: SeededRandom) => random.pick(world.agents);
const coordinator = (world: World, random: SeededRandom) => random.pick(world.coordinators);
const BOTH = ["toServer", "fromServer"] as const;

/** What each kind does. */
export const FAULTS = {
  coordinator_killed: (world, random, ms) => kill(world, coordinator(world, random), random, ms),
  agent_killed: (world, random, ms) => kill(world, agent(world, random), random, ms),
  agent_stopped: (world, random, ms) => stop(world, agent(world, random), 20_000 + ms * 4),
  coordinator_stopped: (world, random, ms) => stop(world, coordinator(world, random), ms * 3),
  pipe_killed: killPipe(false),
  pipe_wiped: killPipe(true),
  postgres_killed: killPostgres(null),
  postgres_killed_before_commit: killPostgres("before"),
  postgres_killed_after_commit: killPostgres("after"),
  partition: (world, random, ms) => partition(world, agent(world, random), BOTH, ms * 3),
  partition_from_agent: (world, random, ms) => partition(world, agent(world, random), ["toServer"], ms * 3),
  partition_to_agent: (world, random, ms) => partition(world, agent(world, random), ["fromServer"], ms * 3),
  partition_of_10_minutes: (world, random) => partition(world, agent(world, random), BOTH, LONG_MS),
  partition_of_coordinator: (world, random, ms) => partition(world, coordinator(world, random), BOTH, ms),
  flapping: (world, random, ms) => flap(world, agent(world, random), ms),
  messages_lost: weather({ lose: 0.3 }),
  messages_duplicated: weather({ duplicate: 0.5 }),
  messages_late: weather({ lateMs: 4_000 }),
  disk_full: (world, random, ms) => {
    const { folder } = agent(world, random);
    world.disk.full.add(folder);
    later(world, ms, () => world.disk.full.delete(folder));
  },
  disk_of_postgres_full: ({ database, clock }, _random, ms) => {
    database.fullUntilMs = clock.nowMs + ms;
  },
  disk_of_pipe_full: (world, _random, ms) => {
    world.pipe.isFull = true;
    later(world, ms, () => {
      world.pipe.isFull = false;
    });
  },
  clock_of_agent: (world, random, ms) => stepClock(world, agent(world, random), random, ms),
  clock_of_coordinator: (world, random, ms) => stepClock(world, coordinator(world, random), random, ms),
  outbox_damaged: (world, random) => corrupt(world, random),
  hostile_agent: (world, random) => forge(world, random),
  second_coordinator: (world) => {
    if (world.coordinators.length < 2) addCoordinator(world, "coordinator-2");
  },
} satisfies Record<string, Act>;

const KINDS = Object.keys(FAULTS) as Fault["kind"][];

/** Two to four faults, between the first order and about the time of the last receipt. */
export function drawFaults(random: SeededRandom): Fault[] {
  const count = 2 + random.integer(3);
  return Array.from({ length: count }, () => ({
    kind: random.pick(KINDS),
    atMs: 1_500 + random.integer(45_000),
    lastsMs: 1_000 + random.integer(20_000),
  })).sort((a, b) => a.atMs - b.atMs);
}

/** The longest that a fault's effect lasts after its moment. */
export const endOf = ({ kind, atMs, lastsMs }: Fault): number =>
  atMs + (kind === "partition_of_10_minutes" ? LONG_MS : 20_000 + lastsMs * 4);

/** Lets the faults happen at their moments. */
export function scheduleFaults(world: World, faults: readonly Fault[], random: SeededRandom): void {
  for (const { kind, atMs, lastsMs } of faults) {
    world.clock.at(atMs, () => {
      world.journal.say(world.clock.nowMs, `fault ${kind} ${lastsMs} ms`);
      FAULTS[kind](world, random, lastsMs);
    });
  }
}
