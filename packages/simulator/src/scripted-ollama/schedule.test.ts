// Waiting goes by deadlines: it is never early and lateness does not add up.
import { describe, expect, it } from "vitest";
import { Schedule, waitSeconds } from "./schedule.ts";

const never = new AbortController().signal;

describe("a schedule", () => {
  /** Lateness of sixty steps of 2 ms, in milliseconds. */
  async function latenessOfSteps(): Promise<number[]> {
    const startMs = performance.now();
    const schedule = new Schedule(startMs, never);
    const lateMs: number[] = [];
    for (let step = 1; step <= 60; step += 1) {
      await schedule.step(0.002);
      lateMs.push(performance.now() - startMs - step * 2);
    }
    return lateMs.sort((a, b) => a - b);
  }

  it("is never early, and late steps are made up for", async () => {
    // If lateness added up, sixty steps with a tick of a timer each would be far behind in every run; a busy machine, whose
    // stalls move the schedule, shows in some.
    let quartileMs = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 8 && quartileMs >= 2; run += 1) {
      const lateMs = await latenessOfSteps();
      expect(lateMs[0]).toBeGreaterThanOrEqual(-1e-6);
      quartileMs = Math.min(quartileMs, lateMs[15] ?? quartileMs);
    }
    expect(quartileMs).toBeLessThan(2);
  });

  it("is moved by a long stall instead of bursting to catch up", async () => {
    const startMs = performance.now();
    const schedule = new Schedule(startMs, never);
    while (performance.now() < startMs + 60) {
      // A stall of the whole process, such as a garbage collection.
    }
    await schedule.step(0.001);
    const beforeMs = performance.now();
    await schedule.step(0.1);
    expect(performance.now() - beforeMs).toBeGreaterThan(60);
  });

  it("ends at once when it is aborted", async () => {
    const stop = new AbortController();
    const startMs = performance.now();
    const waiting = waitSeconds(30, stop.signal);
    stop.abort();
    await waiting;
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});
