// What the agent is doing right now: one place that the heartbeat reads, and through which a trial is stopped.
import { type WaitReason, waitWords } from "@ozone/shared/wait-reason";

/** The order in hand. */
export interface CurrentWork {
  readonly trialId: string;
  readonly attempt: number;
  readonly abort: AbortController;
  /** It was stopped because somebody needs the machine: it is to be done later. */
  interrupted: boolean;
}

/** State shared by taking trials and heartbeats. */
export class WorkState {
  #current: CurrentWork | null = null;
  #activity = "starting";
  #paused = false;
  #waits: WaitReason | null = null;

  /** The order in hand, or null. */
  get current(): CurrentWork | null {
    return this.#current;
  }

  /** In words that a person reads; who does nothing says what keeps it from work. */
  get activity(): string {
    if (this.#waits === null || this.#activity !== "idle") return this.#activity;
    return waitWords(this.#waits, Date.now());
  }

  /** Why it takes no trials, as the guard sees it; null: it takes them. */
  get waits(): WaitReason | null {
    return this.#waits;
  }

  /** Notes what the guard sees. */
  setWaits(waits: WaitReason | null): void {
    this.#waits = waits;
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
    this.#current = { trialId, attempt, abort: new AbortController(), interrupted: false };
    return this.#current;
  }

  /** The order is settled. */
  end(): void {
    this.#current = null;
    this.#activity = "idle";
  }

  /** Stops the order in hand for now. @returns whether there was one */
  interrupt(): boolean {
    if (this.#current === null) return false;
    this.#current.interrupted = true;
    this.#current.abort.abort();
    return true;
  }

  /** Stops this attempt if it is the one in hand: another attempt of the same trial was given to us since, and goes on. */
  cancel({ trialId, attempt }: Pick<CurrentWork, "trialId" | "attempt">): void {
    if (this.#current?.trialId === trialId && this.#current.attempt === attempt) this.#current.abort.abort();
  }
}
