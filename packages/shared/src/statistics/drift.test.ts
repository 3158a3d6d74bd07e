import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeDrift, pooledSigma } from "./drift.ts";

describe("judgeDrift", () => {
  it.each([
    [100, 102, "steady"],
    [100, 103.05, "steady"],
    [100, 95, "steady"],
    [100, 107.9, "steady"],
    [100, 108.1, "invalid"],
    [100, 92.5, "invalid"],
  ])("from %d to %d is %s with the default sigma", (startRate, endRate, verdict) => {
    expect(judgeDrift({ startRate, endRate }).verdict).toBe(verdict);
  });

  it("allows three sigma on a machine that is known to be noisy", () => {
    expect(judgeDrift({ startRate: 100, endRate: 85, sigma: 0.06 }).verdict).toBe("steady");
    expect(judgeDrift({ startRate: 100, endRate: 83, sigma: 0.06 })).toMatchObject({
      verdict: "invalid",
      invalidBeyond: expect.closeTo(0.18, 12),
    });
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
