// One strategy state for a class of machines: each machine that is free is handed its next trial. Pure: everything follows
// from what was observed, what is running and what waits, so that it goes on after any interruption.
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { configurationKey } from "@ozone/shared/configuration";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import type { Observation, Proposal, SearchState, Strategy } from "../strategy.ts";
import { anchorKeys, anchorsOf, dueAnchor } from "./anchors.ts";
import { partsFor } from "./confirming-together.ts";
import { lostWith } from "./lost-trials.ts";
import { corrected } from "./offsets.ts";
import { type Pool, poolOf } from "./pool.ts";
import type { MachineTrial, SharedSearch, WaitingTrial } from "./shared-search.ts";

/** What happens next. */
export interface HandOut {
  /** To be started now, at most one for each free machine. */
  readonly trials: readonly MachineTrial[];
  /** What waits after that. */
  readonly waiting: readonly WaitingTrial[];
  readonly notes: readonly string[];
  /** Nothing is running, nothing waits, and the strategy has nothing more. */
  readonly finished: boolean;
  readonly pool: Pool;
}

/** The observations of the pool as the strategy sees them: each machine's own offset taken out. */
export function classObservations({ observations }: SharedSearch, pool: Pool): Observation[] {
  return observations
    .filter(({ machine }) => pool.machines.includes(machine))
    .map((one) => corrected(one, pool.offsets.get(one.machine)));
}

/** A budget is time for each machine: what several spend at once counts once. */
const onAverage = (observations: readonly Observation[], machines: number): readonly Observation[] =>
  machines < 2 ? observations : observations.map((one) => ({ ...one, elapsedMs: one.elapsedMs / machines }));

/** What speaks for a class rests on so many machines, where it has them. */
const CONFIRMERS_MIN = 3;

/** One handing out, step by step. */
class Desk {
  readonly #strategy: Strategy;
  readonly #shared: SharedSearch;
  readonly #anchors: readonly Configuration[];
  readonly pool: Pool;
  /** Machines of the pool that can be handed something. */
  readonly #here: readonly string[];
  readonly running: MachineTrial[];
  readonly started: MachineTrial[] = [];
  readonly notes: string[] = [];
  waiting: WaitingTrial[];
  /** The strategy was asked and has nothing for now. */
  #nothing = false;

  constructor(strategy: Strategy, shared: SharedSearch) {
    this.#strategy = strategy;
    this.#shared = shared;
    this.#anchors = shared.machines.length > 1 ? anchorsOf(shared.search) : [];
    const { left = [], away = [] } = shared;
    const staying = shared.machines.filter((machine) => !left.includes(machine));
    this.pool = poolOf(shared.observations, this.#anchors, staying);
    this.#here = this.pool.machines.filter((machine) => !away.includes(machine));
    this.running = shared.running.filter(({ machine }) => this.pool.machines.includes(machine));
    const lost = strategy.sharing === "between steps" ? lostWith(this.pool, shared, this.#anchors) : [];
    this.waiting = [...shared.waiting, ...lost].map(({ machine, proposal }) => ({
      machine: machine !== null && this.#here.includes(machine) ? machine : null,
      proposal,
    }));
  }

  get #together(): boolean {
    return this.pool.machines.length > 1;
  }

  isFree(machine: string): boolean {
    return this.#here.includes(machine) && !this.running.some((trial) => trial.machine === machine);
  }

  get finished(): boolean {
    return this.#nothing && this.running.length === 0 && this.waiting.length === 0;
  }

  /** The next trial of a free machine, or null. */
  next(machine: string): Proposal | null {
    // The strategy's first step is made before there is anything to see, as it is on one machine.
    if (this.#isStart()) this.#ask();
    const anchor = this.#together
      ? dueAnchor({ ...this.#shared, running: this.running }, this.#anchors, machine)
      : null;
    if (anchor) return anchor;
    const taken = this.#take(machine);
    if (taken) return taken;
    this.#ask();
    return this.#take(machine);
  }

  start(machine: string, proposal: Proposal): void {
    this.running.push({ machine, proposal });
    this.started.push({ machine, proposal });
  }

  /** There is nothing yet but drift references, which are each machine's own. */
  #isStart(): boolean {
    const given = [...this.running, ...this.waiting].map(({ proposal }) => proposal);
    return [...this.#shared.observations, ...given].every(({ purpose }) => purpose === Purpose.REFERENCE);
  }

  /** What waits for this machine, else of what waits for any the longest where the order does not matter. */
  #take(machine: string): Proposal | null {
    const mine = this.waiting.findIndex((one) => one.machine === machine);
    const index = mine >= 0 ? mine : this.#anyones();
    const [taken] = index < 0 ? [] : this.waiting.splice(index, 1);
    return taken?.proposal ?? null;
  }

  #anyones(): number {
    const first = this.waiting.findIndex((one) => one.machine === null);
    if (!this.#together || this.#strategy.sharing !== "between steps") return first;
    // The last trials should be short ones: machines wait for each other at the end of a step.
    const size = ({ proposal }: WaitingTrial): number =>
      proposal.configuration.numCtx * samplesWanted(proposal.protocol);
    return this.waiting.reduce((best, one, index) => {
      const other = this.waiting[best];
      return one.machine === null && other && size(one) > size(other) ? index : best;
    }, first);
  }

  #ask(): void {
    const start = this.#isStart();
    const busy = !start && (this.running.length > 0 || this.waiting.length > 0);
    if (this.#nothing || (busy && this.#strategy.sharing !== "while running")) return;
    const { trials, notes } = this.#strategy.next(this.#state());
    this.#nothing = trials.length === 0;
    if (!(busy && this.#nothing)) this.notes.push(...notes);
    const covered = this.#together && start ? anchorKeys(this.#anchors) : new Set();
    this.waiting.push(
      ...trials
        .filter(({ configuration }) => !covered.has(configurationKey(configuration)))
        .flatMap((proposal) => partsFor(proposal, this.#confirmers())),
    );
  }

  /** Who confirms: not those that are at something else, as long as enough others are left. */
  #confirmers(): readonly string[] {
    const machines = this.#here;
    const free = machines.filter((machine) => this.isFree(machine));
    return free.length >= Math.min(CONFIRMERS_MIN, machines.length) ? free : machines;
  }

  #state(): SearchState {
    const { search } = this.#shared;
    const observations = onAverage(classObservations(this.#shared, this.pool), this.pool.machines.length);
    const pending = [...this.running, ...this.waiting].flatMap(({ proposal }) =>
      proposal.purpose === Purpose.REFERENCE ? [] : [proposal],
    );
    const shared = this.#together ? { machines: this.pool.machines.length } : {};
    return { ...search, observations, ...shared, ...(pending.length > 0 ? { pending } : {}) };
  }
}

/**
 * Hands trials to the machines that are free. One machine alone gets exactly what the strategy asks for, in its order.
 * @throws RangeError for a strategy that can't be shared, when there is more than one machine.
 */
export function handOut(strategy: Strategy, shared: SharedSearch): HandOut {
  if (shared.machines.length > 1 && !strategy.sharing) {
    throw new RangeError(`The strategy ${strategy.name} can't be shared by several machines.`);
  }
  const desk = new Desk(strategy, shared);
  for (const machine of desk.pool.machines) {
    const proposal = desk.isFree(machine) ? desk.next(machine) : null;
    if (proposal) desk.start(machine, proposal);
  }
  return {
    trials: desk.started,
    waiting: desk.waiting,
    notes: desk.notes,
    finished: desk.finished,
    pool: desk.pool,
  };
}
