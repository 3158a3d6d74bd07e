// When a schedule is due, and what becomes of its times: the clock is given.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideOccurrence, type ScheduleState } from "./decide-occurrence.ts";
import { nextOccurrence, occurrencesBetween, requireTiming } from "./occurrences.ts";

const HOUR_MS = 3_600_000;
const at = (text: string) => new Date(text);
const BERLIN = { timeZone: "Europe/Berlin" };

const state = (change: Partial<ScheduleState> = {}): ScheduleState => ({
  ...BERLIN,
  cron: "0 2 * * *",
  since: at("2026-11-20T12:00:00Z"),
  lateMs: HOUR_MS,
  lastDueAt: null,
  runningSweepId: null,
  ...change,
});

describe("the times of a schedule", () => {
  it("are those of its time zone, over both changes of the clock, each day once", () => {
    const timing = { ...BERLIN, cron: "30 2 * * *" };
    const spring = occurrencesBetween(timing, at("2026-03-27T12:00:00Z"), at("2026-03-30T12:00:00Z"));
    expect(spring).toEqual([
      at("2026-03-28T01:30:00Z"),
      at("2026-03-29T01:00:00Z"),
      at("2026-03-30T00:30:00Z"),
    ]);
    const autumn = occurrencesBetween(timing, at("2026-10-24T12:00:00Z"), at("2026-10-26T12:00:00Z"));
    expect(autumn).toEqual([at("2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z")]);
    expect(nextOccurrence(timing, at("2026-10-25T00:30:00Z"))).toEqual(at("2026-10-26T01:30:00Z"));
  });

  it.each([
    [
      "0 25 * * *",
      "UTC",
      /"0 25 \* \* \*" is no cron line \(Invalid value for hour: 25\); give minute, hour/,
    ],
    ["* * * * * *", "UTC", /is no cron line \(.*requires exactly 5 parts/],
    ["often", "UTC", /"often" is no cron line/],
    ["0 0 30 2 *", "UTC", /means no time that will ever come/],
    ["0 2 * * *", "Mars/Base", /There is no time zone "Mars\/Base"; give an IANA name/],
  ])("%s in %s is refused with one sentence", (cron, timeZone, sentence) => {
    expect(() => requireTiming({ cron, timeZone }, at("2026-11-26T00:00:00Z"))).toThrow(sentence);
  });
});

describe("what becomes of a time", () => {
  it("it is started when it comes, and not before", () => {
    expect(decideOccurrence(state(), at("2026-11-21T00:59:59Z"))).toBeNull();
    expect(decideOccurrence(state(), at("2026-11-21T01:00:00Z"))).toEqual({
      dueAt: at("2026-11-21T01:00:00Z"),
      outcome: "start",
      because: "",
    });
  });

  it("of several that nobody was there for only the newest is started, if it is not too late for it", () => {
    const soon = decideOccurrence(state(), at("2026-11-25T01:30:00Z"));
    expect(soon).toMatchObject({ dueAt: at("2026-11-25T01:00:00Z"), outcome: "start" });
    expect(soon?.because).toBe("4 earlier ones were missed, too.");
    const late = decideOccurrence(state(), at("2026-11-25T03:30:00Z"));
    expect(late).toMatchObject({ dueAt: at("2026-11-25T01:00:00Z"), outcome: "missed" });
    expect(late?.because).toMatch(/until 150 min after its time, and it may be 60 min late/);
  });

  it("it is skipped while the sweep of an earlier one runs", () => {
    const decision = decideOccurrence(state({ runningSweepId: "s-1" }), at("2026-11-21T01:00:00Z"));
    expect(decision).toMatchObject({
      outcome: "skipped",
      because: "The sweep s-1 of an earlier time still runs.",
    });
  });

  it("is decided once, also by a clock that jumps back and forth", () => {
    const minute = 60_000;
    const looks = fc.array(fc.integer({ min: -3 * 24 * 60, max: 3 * 24 * 60 }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(looks, (steps) => {
        let nowMs = at("2026-11-21T00:00:00Z").getTime();
        let lastDueAt: Date | null = null;
        const decided: number[] = [];
        for (const step of steps) {
          nowMs += step * minute;
          const decision = decideOccurrence(state({ lastDueAt }), new Date(nowMs));
          if (decision === null) continue;
          decided.push(decision.dueAt.getTime());
          expect(decision.dueAt.getTime()).toBeLessThanOrEqual(nowMs);
          lastDueAt = decision.dueAt;
        }
        expect(new Set(decided).size).toBe(decided.length);
        expect([...decided].sort((a, b) => a - b)).toEqual(decided);
      }),
      { numRuns: 50 },
    );
  });
});
