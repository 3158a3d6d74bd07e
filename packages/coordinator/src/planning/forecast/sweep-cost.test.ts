import { describe, expect, it } from "vitest";
import { ends } from "./estimate-cost.ts";
import { sweepCost } from "./sweep-cost.ts";
import { referencesBehind } from "./sweep-shape.ts";

const SECOND = 1_000;
const all = (ms: number) => ends(() => ms);
const exactly = (count: number) => ({ min: count, max: count });

describe("the cost of a sweep", () => {
  it("is the sum of the whole matrix, the confirmations and the references, by hand", () => {
    // Nine points of 10 s, confirmations of 60 s each (one to three), references of 5 s: 1 + 2 + 1 of them.
    const shape = { measured: exactly(9), screens: exactly(9), confirmations: { min: 1, max: 3 } };
    const nine = <Value>(value: Value) => Array.from({ length: 9 }, () => value);
    const { trials, durationMs } = sweepCost(shape, {
      screens: nine(all(10 * SECOND)),
      confirmations: nine(all(60 * SECOND)),
      reference: all(5 * SECOND),
    });
    expect(trials).toEqual({ min: 9 + 1 + 4, max: 9 + 3 + 4 });
    expect(durationMs).toEqual({
      low: (90 + 60 + 20) * SECOND,
      likely: (90 + 120 + 20) * SECOND,
      high: (90 + 180 + 20) * SECOND,
    });
  });

  it("takes the cheapest at the low end and the dearest at the high end where only some are measured", () => {
    const shape = { measured: { min: 1, max: 2 }, screens: { min: 1, max: 3 }, confirmations: exactly(1) };
    const costs = [1, 2, 6].map((seconds) => all(seconds * SECOND));
    const { durationMs } = sweepCost(shape, { screens: costs, confirmations: costs, reference: all(0) });
    expect(durationMs).toEqual({
      low: (1 + 1) * SECOND,
      likely: (2 * 3 + 6) * SECOND,
      high: (6 + 2 + 1 + 6) * SECOND,
    });
  });

  it("counts trials where nobody knows the time", () => {
    const shape = { measured: exactly(8), screens: exactly(8), confirmations: exactly(1) };
    expect(sweepCost(shape, null)).toEqual({ trials: { min: 12, max: 12 }, durationMs: null });
  });

  it("puts a reference behind every eight trials, every quarter of an hour, and never two behind one trial", () => {
    expect([0, 1, 8, 9, 49].map((trials) => referencesBehind(trials, null))).toEqual([0, 1, 1, 2, 7]);
    expect(referencesBehind(4, 3 * 15 * 60 * SECOND)).toBe(3);
    expect(referencesBehind(4, 24 * 3_600 * SECOND)).toBe(4);
  });
});
