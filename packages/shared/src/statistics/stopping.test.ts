import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PRECISION_TARGETS, shouldStop } from "./stopping.ts";

/** n logarithms with standard deviation exactly `sigma`. */
function noisy(n: number, sigma: number): number[] {
  const steps = Array.from({ length: n }, (_, i) => i - (n - 1) / 2);
  const spread = Math.sqrt(steps.reduce((sum, step) => sum + step * step, 0) / (n - 1));
  return steps.map((step) => 100 * Math.exp((sigma * step) / spread));
}

describe("shouldStop", () => {
  it("goes on below six samples, however well they agree", () => {
    expect(shouldStop({ values: [5, 5, 5, 5, 5], relativeTarget: 0.02 })).toEqual({
      stop: null,
      halfWidth: 0,
    });
  });

  it("is precise at six samples that agree", () => {
    expect(shouldStop({ values: noisy(6, 0.01), relativeTarget: 0.02 }).stop).toBe("precise");
  });

  it("is imprecise at the cap: with a CV of 4 % fifteen samples reach only 2.2 %", () => {
    const seen = shouldStop({ values: noisy(15, 0.04), relativeTarget: PRECISION_TARGETS.decode });
    expect(seen.stop).toBe("imprecise");
    expect(seen.halfWidth).toBeCloseTo(0.0222, 4);
  });

  it("goes on in between", () => {
    expect(shouldStop({ values: noisy(8, 0.04), relativeTarget: 0.02 }).stop).toBeNull();
  });

  it("stops as imprecise when the time is used up, even with one sample or none", () => {
    expect(shouldStop({ values: [7], relativeTarget: 0.02, outOfTime: true })).toEqual({
      stop: "imprecise",
      halfWidth: null,
    });
    expect(shouldStop({ values: [], relativeTarget: 0.02, outOfTime: true }).stop).toBe("imprecise");
  });

  it("compares with ln(1 + target)", () => {
    const at = (sigma: number) => shouldStop({ values: noisy(6, sigma), relativeTarget: 0.02 }).stop;
    // h = 2.570582 s / sqrt(6), so the limit is s = ln(1.02) sqrt(6) / 2.570582 = 0.0188697.
    expect(at(0.01886)).toBe("precise");
    expect(at(0.01888)).toBeNull();
  });

  it("never goes on at the cap and never stops as precise below the minimum", () => {
    const values = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(values, (drawn) => {
        const { stop } = shouldStop({ values: drawn, relativeTarget: 0.05 });
        if (drawn.length >= 15) expect(stop).not.toBeNull();
        if (drawn.length < 6) expect(stop).toBeNull();
      }),
    );
  });

  it("refuses a cap below the minimum and a target that is not above zero", () => {
    expect(() => shouldStop({ values: [1], relativeTarget: 0.02, minimum: 6, cap: 5 })).toThrow(RangeError);
    expect(() => shouldStop({ values: [1], relativeTarget: 0 })).toThrow(RangeError);
  });
});
