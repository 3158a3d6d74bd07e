// Which machines have used up their time, asked of Postgres when something may have changed it: not with each look for work.
import type { Store } from "../store/open-store.ts";
import { machinesWithoutTime } from "../store/spent-time.ts";

/** Trials leave the window of 24 hours as time goes by, and budgets are set by others: looked for so often. */
const LOOK_EVERY_MS = 5_000;

/** Remembers the last answer. */
export class TimeWatch {
  readonly #now: () => number;
  #known: ReadonlySet<string> = new Set();
  #askAtMs = Number.NEGATIVE_INFINITY;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A result was counted: what is known is old. */
  changed(): void {
    this.#askAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Ids of the machines that have no time left. */
  async withoutTime(store: Store): Promise<ReadonlySet<string>> {
    if (this.#now() < this.#askAtMs) return this.#known;
    // Set before the question: what changes while it is asked is asked about again.
    this.#askAtMs = this.#now() + LOOK_EVERY_MS;
    this.#known = await machinesWithoutTime(store.db);
    return this.#known;
  }
}
