// A class of simulated machines on a virtual clock: each machine that is free is handed its next trial, every trial takes
// the seconds that were recorded, and time jumps to the next that ends. Pure.
import { classObservations, handOut } from "@ozone/coordinator/search/sharing/hand-out";
import type { Pool } from "@ozone/coordinator/search/sharing/pool";
import type {
  MachineObservation,
  MachineTrial,
  SharedSearch,
  WaitingTrial,
} from "@ozone/coordinator/search/sharing/shared-search";
import type { Observation, SearchState, Strategy } from "@ozone/coordinator/search/strategy";
import type { SimulatedMachine } from "./simulated-machine.ts";

/** What a class did. */
export interface ClassRun {
  /** By the virtual clock, from the start to the end of the last trial. */
  readonly seconds: number;
  /** What all machines together spent measuring. */
  readonly machineSeconds: number;
  readonly observations: readonly MachineObservation[];
  /** What the strategy saw last: the pool's, each machine's own offset taken out. */
  readonly seen: readonly Observation[];
  readonly pool: Pool;
  readonly notes: readonly string[];
}

interface UnderWay extends MachineTrial {
  readonly endsAt: number;
  readonly observation: MachineObservation;
}

const TURNS_MAX = 100_000;

/** Ends with the least time first; equal ones in the order of the machines. */
const nextToEnd = (running: readonly UnderWay[]): UnderWay | undefined =>
  running.reduce<UnderWay | undefined>(
    (first, one) => (first && first.endsAt <= one.endsAt ? first : one),
    undefined,
  );

/** Runs a search to its end. @throws RangeError when it does not end, or can't be shared. */
export function runClass(
  strategy: Strategy,
  search: SearchState,
  machines: readonly SimulatedMachine[],
): ClassRun {
  const byName = new Map(machines.map((machine) => [machine.name, machine]));
  const observations: MachineObservation[] = [];
  const notes: string[] = [];
  let running: UnderWay[] = [];
  let waiting: readonly WaitingTrial[] = [];
  let [now, machineSeconds] = [0, 0];
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    const shared: SharedSearch = { search, machines: [...byName.keys()], observations, running, waiting };
    const step = handOut(strategy, shared);
    waiting = step.waiting;
    notes.push(...step.notes);
    for (const trial of step.trials) {
      const simulated = byName.get(trial.machine)?.run(trial.proposal);
      if (!simulated) throw new RangeError(`There is no machine ${trial.machine}.`);
      running.push({ ...trial, endsAt: now + simulated.seconds, observation: simulated.observation });
      machineSeconds += simulated.seconds;
    }
    // What an odd machine still has under way is not waited for.
    if (step.finished) {
      const seen = classObservations(shared, step.pool);
      return { seconds: now, machineSeconds, observations, seen, pool: step.pool, notes };
    }
    const ended = nextToEnd(running);
    if (!ended) throw new RangeError(`The class stands still: ${waiting.length} trials wait.`);
    running = running.filter((one) => one !== ended);
    now = ended.endsAt;
    observations.push(ended.observation);
  }
  throw new RangeError(`The search did not end within ${TURNS_MAX} turns.`);
}
