// A coordinator in the simulation: the shipped tasks and answers on the simulated pipe and the real store.
import { ensureStreams } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import { LEASE_MS } from "@ozone/shared/limits";
import { OBJECTIVES } from "@ozone/shared/objective";
import { createChangeSignal } from "../../../packages/coordinator/src/change-signal.ts";
import { listenToFleet } from "../../../packages/coordinator/src/fleet-door.ts";
import { startLedTasks } from "../../../packages/coordinator/src/led-tasks.ts";
import { openStore } from "../../../packages/coordinator/src/store/open-store.ts";
import { makeProcess, runAs } from "./process.ts";
import type { Seat, World } from "./world.ts";

const RESTART_MS = 1_000;
const LEADER_LEASE_MS = 10_000;

/** Longer than any schedule keeps a machine away. */
const WAIT_FOR_MACHINES_MS = 7 * 86_400_000;

async function run(world: World, { link, name }: Seat): Promise<void> {
  const say = (line: string) => world.journal.say(world.clock.nowMs, `${name}: ${line}`);
  const store = await openStore("postgres://simulated", say);
  const bus = world.pipe.connect(link);
  await ensureStreams(bus);
  const changes = createChangeSignal();
  const onError = (task: string, thrown: unknown) => say(`${task} failed: ${messageOf(thrown).slice(0, 80)}`);
  const modules = { places: [], namedIn: null };
  const ports = { store, bus, leaseMs: LEASE_MS, objectives: OBJECTIVES, changes, modules, onError };
  const candidate = { id: name, name, leaseMs: LEADER_LEASE_MS };
  const tasks = await startLedTasks({ ...ports, waitForMachinesMs: WAIT_FOR_MACHINES_MS, candidate, say });
  listenToFleet({ store, bus, tasks, changes, leaseMs: LEASE_MS, onError });
  say("runs");
}

/** Adds one and starts it; its service manager starts it again when it gives up. */
export function addCoordinator(world: World, name: string): Seat {
  const seat: Seat = {
    name,
    link: { toServer: true, fromServer: true },
    process: null,
    starts: 0,
    start: () => {
      seat.starts += 1;
      const owner = makeProcess(`${name}#${seat.starts}`);
      seat.process = owner;
      runAs(owner, () =>
        run(world, seat).catch((thrown: unknown) => {
          world.journal.say(world.clock.nowMs, `${name}: gave up: ${messageOf(thrown).slice(0, 80)}`);
          owner.alive = false;
          world.clock.at(world.clock.nowMs + RESTART_MS, () => {
            if (seat.process === owner) seat.start();
          });
        }),
      );
    },
  };
  world.coordinators.push(seat);
  seat.start();
  return seat;
}
