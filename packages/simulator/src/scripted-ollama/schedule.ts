// Waiting with real timers towards absolute deadlines, so that small errors don't add up over a sample.
import { setTimeout as sleep } from "node:timers/promises";

/** Below this the event loop is spun instead of slept: timers fire up to a millisecond late. */
const SPIN_MS = 1.3;
/** A stall longer than this moves the rest of the schedule, as it would in an engine; shorter ones are caught up. */
const STALL_MS = 25;

/** Waits until `performance.now()` reaches the deadline, within some microseconds on an idle machine; returns early on abort. */
export async function waitUntil(deadlineMs: number, signal: AbortSignal): Promise<void> {
  const coarseMs = Math.floor(deadlineMs - performance.now() - SPIN_MS);
  if (coarseMs >= 1) await sleepQuietly(coarseMs, signal);
  while (performance.now() < deadlineMs && !signal.aborted)
    await new Promise((resolve) => setImmediate(resolve));
}

/** Waits for a number of seconds; returns early on abort. */
export function waitSeconds(seconds: number, signal: AbortSignal): Promise<void> {
  return waitUntil(performance.now() + seconds * 1000, signal);
}

/** A chain of steps whose deadlines are the start plus the sum of all steps so far. */
export class Schedule {
  #deadlineMs: number;
  readonly #signal: AbortSignal;

  constructor(startMs: number, signal: AbortSignal) {
    this.#deadlineMs = startMs;
    this.#signal = signal;
  }

  /** Waits for the end of the next step, which lasts `seconds`. */
  async step(seconds: number): Promise<void> {
    this.#deadlineMs += seconds * 1000;
    await waitUntil(this.#deadlineMs, this.#signal);
    const nowMs = performance.now();
    if (nowMs - this.#deadlineMs > STALL_MS) this.#deadlineMs = nowMs;
  }
}

async function sleepQuietly(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // The only rejection is the abort, and the caller looks at the signal itself.
  }
}
