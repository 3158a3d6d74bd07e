// What the agent is doing right now: one place that the heartbeat reads, and through which a trial is stopped.

/** The order in hand. */
export interface CurrentWork {
  readonly trialId: string;
  readonly attempt: number;
  readonly abort: AbortController;
}

/** State shared by taking trials and heartbeats. */
export class WorkState {
  #current: CurrentWork | null = null;
  #activity = "starting";
  #paused = false;

  /** The order in hand, or null. */
  get current(): CurrentWork | null {
    return this.#current;
  }

  /** In words that a person reads. */
  get activity(): string {
    return this.#activity;
  }

  /** Whether new trials are to be left alone. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Notes what is being done. */
  say(activity: string): void {
    this.#activity = activity;
  }

  /** Notes that the coordinator wants no new trials taken. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
  }

  /** Begins work on an order. */
  begin(trialId: string, attempt: number): CurrentWork {
    this.#current = { trialId, attempt, abort: new AbortController() };
    return this.#current;
  }

  /** The order is settled. */
  end(): void {
    this.#current = null;
    this.#activity = "idle";
  }

  /** Stops the named trial if it is the one in hand. */
  cancel(trialId: string): void {
    if (this.#current?.trialId === trialId) this.#current.abort.abort();
  }
}
