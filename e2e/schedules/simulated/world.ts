// The parts of one schedule, and the processes that live in it: shipped coordinators and agents on simulated pipe, clock
// and disk.
import { type SeededRandom, seededRandom } from "@ozone/shared/statistics/seeded-random";
import { VirtualClock } from "./clock.ts";
import type { SimulatedDatabase } from "./database.ts";
import { SimulatedDisk } from "./disk.ts";
import { ClientJournal } from "./journal.ts";
import { SimulatedPipe } from "./pipe.ts";
import type { Link } from "./pipe-words.ts";
import type { SimulatedProcess } from "./process.ts";

/** A place where a process runs, and the process that runs there now. */
export interface Seat {
  readonly name: string;
  readonly link: Link;
  process: SimulatedProcess | null;
  starts: number;
  start: () => void;
}

/** An agent's seat: its disk and host stay when it is killed. */
export interface AgentSeat extends Seat {
  readonly machineId: string;
  readonly host: string;
  readonly folder: string;
}

/** Everything of one schedule. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly pipe: SimulatedPipe;
  readonly disk: SimulatedDisk;
  readonly database: SimulatedDatabase;
  readonly journal: ClientJournal;
  readonly coordinators: Seat[];
  readonly agents: AgentSeat[];
  /** Holder of each host's lock. */
  readonly hosts: Map<string, SimulatedProcess>;
  /** Contexts whose configuration fails each time. */
  readonly failing: Set<number>;
  /** Most calls to the outside of one process within some virtual seconds. */
  busiest: { calls: number; name: string };
  /** How many messages were forged. */
  forgedMessages: number;
}

/** An empty world. */
export function makeWorld(database: SimulatedDatabase, seed: string): World {
  const random = seededRandom(seed);
  const clock = new VirtualClock();
  return {
    clock,
    random,
    pipe: new SimulatedPipe(clock, random.fork("pipe")),
    disk: new SimulatedDisk(),
    database,
    journal: new ClientJournal(),
    coordinators: [],
    agents: [],
    hosts: new Map(),
    failing: new Set(),
    busiest: { calls: 0, name: "" },
    forgedMessages: 0,
  };
}
