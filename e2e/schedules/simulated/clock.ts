// The virtual clock: timers of shipped code wait on it, and it moves only when nothing real is under way.
import { currentProcess, outsideCall, runAs, type SimulatedProcess } from "./process.ts";

interface Timer {
  readonly id: number;
  readonly owner: SimulatedProcess | undefined;
  readonly everyMs: number | null;
  readonly fire: () => void;
  atMs: number;
  order: number;
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  random: Math.random,
  dateNow: Date.now,
  performanceNow: performance.now.bind(performance),
};

/** Time of the simulation, one schedule long. */
export class VirtualClock {
  nowMs = 0;
  /** Real calls (queries) that have not been answered. */
  inFlight = 0;
  #timers = new Map<number, Timer>();
  #made = 0;

  /** Puts the clock and repeatable chance under everything that runs from now on. @returns a function that ends it */
  install(random: () => number): () => void {
    const start = (fire: () => void, ms: number, everyMs: number | null) => {
      const owner = currentProcess();
      const id = this.#add({
        owner,
        fire,
        everyMs,
        atMs: this.nowMs + Math.max(ms || 0, everyMs === null ? 0 : 1),
      });
      return { id, unref: () => undefined, ref: () => undefined };
    };
    const end = (timer: unknown) =>
      void this.#timers.delete((timer as { id?: number } | undefined)?.id ?? -1);
    Object.assign(globalThis, {
      setTimeout: (fire: (...of: unknown[]) => void, ms = 0, ...of: unknown[]) =>
        start(() => fire(...of), ms, null),
      setInterval: (fire: () => void, ms = 1) => start(fire, ms, ms),
      clearTimeout: end,
      clearInterval: end,
    });
    Math.random = random;
    Date.now = () => EPOCH_MS + this.nowMs + (currentProcess()?.dateOffsetMs ?? 0);
    performance.now = () => this.nowMs;
    return () => {
      const { setTimeout, clearTimeout, setInterval, clearInterval } = real;
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
      Math.random = real.random;
      Date.now = real.dateNow;
      performance.now = real.performanceNow;
    };
  }

  #add(timer: Omit<Timer, "id" | "order">): number {
    this.#made += 1;
    this.#timers.set(this.#made, { ...timer, id: this.#made, order: this.#made });
    return this.#made;
  }

  /** Resolves at a moment. */
  until = (atMs: number): Promise<void> =>
    new Promise((resolve) => {
      this.#add({ owner: currentProcess(), fire: resolve, everyMs: null, atMs });
    });

  /** Does something at a moment, as the simulation itself. */
  at(atMs: number, fire: () => void): void {
    this.#add({ owner: undefined, fire, everyMs: null, atMs });
  }

  /** One call of the running process to the outside. */
  call = <Value>(work: () => Promise<Value>): Promise<Value> =>
    outsideCall(this.until, () => this.nowMs, work);

  /** Waits until every promise that can go on has gone on. */
  async #settle(): Promise<void> {
    do {
      await new Promise((resolve) => real.setImmediate(resolve));
    } while (this.inFlight > 0);
  }

  /** Moves time on until `done` or `untilMs`. @returns whether it was done */
  async run(done: () => boolean, untilMs: number): Promise<boolean> {
    for (;;) {
      await this.#settle();
      if (done()) return true;
      const next = this.#next();
      if (!next || next.atMs > untilMs) {
        this.nowMs = Math.max(this.nowMs, Number.isFinite(untilMs) ? untilMs : this.nowMs);
        return false;
      }
      this.#fire(next);
    }
  }

  #next(): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers.values())
      if (!next || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order))
        next = timer;
    return next;
  }

  #fire(timer: Timer): void {
    this.nowMs = Math.max(this.nowMs, timer.atMs);
    const { owner } = timer;
    if (owner && !owner.alive) return void this.#timers.delete(timer.id);
    if (owner && owner.stoppedUntilMs > this.nowMs) {
      timer.atMs = owner.stoppedUntilMs;
      return;
    }
    if (timer.everyMs === null) this.#timers.delete(timer.id);
    else timer.atMs = this.nowMs + timer.everyMs;
    this.#made += 1;
    timer.order = this.#made;
    runAs(owner, timer.fire);
  }
}

/** When every schedule begins. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);
