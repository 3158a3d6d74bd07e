import { describe, expect, it } from "vitest";
import { describeFault, drawSchedule, type Fault, holdsOf, MOMENTS, ON_SMALL_DISK } from "./draw-schedule.ts";
import { FAULT_KINDS, factsOf, LEASE_MS, possibleKinds } from "./fault-kinds.ts";

const KINDS = possibleKinds(true);
const many = (count: number, kinds = KINDS) =>
  Array.from({ length: count }, (_, index) => drawSchedule("a seed", index + 1, kinds));

describe("drawing schedules", () => {
  it("gives the same schedule for the same seed and number, whatever was drawn before", () => {
    const twentieth = many(20).at(-1);
    expect(drawSchedule("a seed", 20, KINDS)).toEqual(twentieth);
    expect(drawSchedule("another seed", 20, KINDS)).not.toEqual(twentieth);
    expect(drawSchedule("a seed", 21, KINDS).faults).not.toEqual(twentieth?.faults);
  });

  it("draws every kind in each of its ways, and every moment on each agent, within 200 schedules", () => {
    const faults = many(200).flatMap((schedule) => schedule.faults);
    const drawn = new Set(faults.map(({ kind, way }) => `${kind}: ${way}`));
    const all = KINDS.flatMap((kind) => factsOf(kind).ways.map((way) => `${kind}: ${way}`));
    expect([...drawn].sort()).toEqual([...all].sort());
    const moments = new Set(faults.map(({ moment, agent }) => `${moment} ${agent}`));
    expect(moments.size).toBe(2 * MOMENTS.length);
  });

  it("has two to four faults in each, all with the lengths that their kinds allow", () => {
    const schedules = many(200);
    expect(new Set(schedules.map(({ faults }) => faults.length))).toEqual(new Set([2, 3, 4]));
    for (const { kind, lastsMs } of schedules.flatMap(({ faults }) => faults)) {
      const [shortest, longest] = factsOf(kind).lastsMs;
      expect(lastsMs).toBeGreaterThanOrEqual(shortest);
      expect(lastsMs).toBeLessThanOrEqual(longest);
    }
  });

  it("lets a stopped agent outlive its lease", () => {
    expect(FAULT_KINDS["stop agent"].lastsMs[0]).toBeGreaterThan(LEASE_MS);
  });

  it("fills only the disk that is small, and none without root", () => {
    const disks = many(200).flatMap(({ faults }) => faults.filter(({ kind }) => kind === "fill disk"));
    expect(new Set(disks.map(({ agent }) => agent))).toEqual(new Set([ON_SMALL_DISK]));
    const others = many(200, possibleKinds(false)).flatMap(({ faults }) => faults);
    expect(others.some(({ kind }) => kind === "fill disk")).toBe(false);
  });

  it("says what was drawn: the agent where it is about one, the moment, the lengths", () => {
    const fault = { agent: 1, moment: MOMENTS[0], delayMs: 40, lastsMs: 700, overlaps: true };
    const partition: Fault = { ...fault, kind: "partition", way: "flapping" };
    expect(describeFault(partition)).toBe(
      'partition of agent 1 (flapping), 40 ms after "order leased", overlapping, lasts 700 ms',
    );
    const killed: Fault = { ...fault, kind: "kill Postgres", way: "kill -9", lastsMs: 0, overlaps: false };
    expect(describeFault(killed)).toBe('kill Postgres (kill -9), 40 ms after "order leased"');
    expect([holdsOf(partition), holdsOf(killed)]).toEqual([["link 1"], ["postgres"]]);
  });
});
