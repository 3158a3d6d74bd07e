import { describe, expect, it } from "vitest";
import { BUDGET_WINDOW_MS, budgetReason, freeAgainAtMs, hoursWords, usedMs } from "./time-budget.ts";
import { waitWords } from "./wait-reason.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse("2026-11-26T14:00:00Z");
const trial = (hoursAgo: number, hours: number) => ({
  endedAtMs: NOW_MS - hoursAgo * HOUR_MS,
  elapsedMs: hours * HOUR_MS,
});

describe("a machine's time for trials in 24 hours", () => {
  it("is used up once the trials of the window took it, and no sooner", () => {
    expect(usedMs([trial(20, 1.5), trial(3, 2)])).toBe(3.5 * HOUR_MS);
    expect(budgetReason(4 * HOUR_MS, [trial(20, 1.5), trial(3, 2)])).toBeNull();
    expect(budgetReason(4 * HOUR_MS, [trial(20, 1.5), trial(3, 2.5)])).toMatchObject({ kind: "budget" });
    expect(budgetReason(4 * HOUR_MS, [])).toBeNull();
  });

  it("is there again when enough trials lie 24 hours back, whatever their order", () => {
    const spent = [trial(3, 3), trial(20, 1), trial(10, 2)];
    expect(freeAgainAtMs(6 * HOUR_MS, spent)).toBe(NOW_MS - 20 * HOUR_MS + BUDGET_WINDOW_MS);
    expect(freeAgainAtMs(5 * HOUR_MS, spent)).toBe(NOW_MS - 10 * HOUR_MS + BUDGET_WINDOW_MS);
  });

  it("is said in words with the time at which it goes on", () => {
    const reason = budgetReason(4 * HOUR_MS, [trial(10, 4)]);
    expect(reason && waitWords(reason, NOW_MS)).toBe(
      "waits: budget of 4 h in 24 h used up until 2026-11-27 04:00 UTC",
    );
    expect([
      hoursWords(30_000),
      hoursWords(45 * 60_000),
      hoursWords(1.2 * HOUR_MS),
      hoursWords(24 * HOUR_MS),
    ]).toEqual(["30 s", "45 min", "1 h 12 min", "24 h"]);
  });
});
