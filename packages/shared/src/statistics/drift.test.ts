import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adjustForDrift, judgeDrift, pooledSigma } from "./drift.ts";

describe("judgeDrift", () => {
  it.each([
    [100, 102, "steady"],
    [100, 103.05, "adjust"],
    [100, 95, "adjust"],
    [100, 107.9, "adjust"],
    [100, 108.1, "invalid"],
    [100, 92.5, "invalid"],
  ])("from %d to %d is %s with the default sigma", (startRate, endRate, verdict) => {
    expect(judgeDrift({ startRate, endRate }).verdict).toBe(verdict);
  });

  it("allows three sigma on a machine that is known to be noisy", () => {
    expect(judgeDrift({ startRate: 100, endRate: 85, sigma: 0.06 }).verdict).toBe("adjust");
    expect(judgeDrift({ startRate: 100, endRate: 83, sigma: 0.06 })).toMatchObject({
      verdict: "invalid",
      invalidBeyond: expect.closeTo(0.18, 12),
    });
  });

  it("calls 2 % a drift on a machine with a sigma of 0.5 %", () => {
    expect(judgeDrift({ startRate: 100, endRate: 102, sigma: 0.005 }).verdict).toBe("adjust");
  });

  it("judges up and down alike", () => {
    const rate = fc.double({ min: 1, max: 1000, noNaN: true });
    fc.assert(
      fc.property(rate, rate, (startRate, endRate) => {
        const there = judgeDrift({ startRate, endRate });
        const back = judgeDrift({ startRate: endRate, endRate: startRate });
        expect(back.verdict).toBe(there.verdict);
        expect(back.drift).toBeCloseTo(-there.drift, 12);
      }),
    );
  });

  it("refuses rates that are not above zero", () => {
    expect(() => judgeDrift({ startRate: 0, endRate: 1 })).toThrow(RangeError);
  });
});

describe("adjustForDrift", () => {
  const bracket = { startRate: 100, endRate: 94 };

  it("leaves a trial at the start alone and lifts the last by the whole drift", () => {
    expect(adjustForDrift(50, bracket, 0)).toBe(50);
    expect(adjustForDrift(50, bracket, 1)).toBeCloseTo(50 / 0.94, 12);
    expect(adjustForDrift(50, bracket, 0.5)).toBeCloseTo(50 / 0.97, 12);
  });

  it("makes the drifting reference itself constant", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (position) => {
        expect(adjustForDrift(100 - 6 * position, bracket, position)).toBeCloseTo(100, 9);
      }),
    );
    expect(() => adjustForDrift(50, bracket, 1.5)).toThrow(RangeError);
  });
});

describe("pooledSigma", () => {
  it("does not count the shift between groups as noise", () => {
    const noise = [1, Math.exp(0.02)];
    const groups = [noise, noise.map((value) => 3 * value), noise.map((value) => 7 * value)];
    expect(pooledSigma(groups)).toBeCloseTo(0.02 / Math.SQRT2, 12);
  });

  it("is 1 % without history", () => {
    expect(pooledSigma([])).toBe(0.01);
    expect(pooledSigma([[5], [6]])).toBe(0.01);
    expect(pooledSigma([[5, 5]])).toBe(0.01);
  });
});
