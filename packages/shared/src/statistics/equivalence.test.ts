import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equivalence } from "./equivalence.ts";
import { holm } from "./holm.ts";

const first = [100, 101, 99, 100.5, 99.5, 100.2];
const second = [100.4, 101.2, 99.9, 100.8, 100.1];

describe("equivalence", () => {
  it("agrees with Welch's formulas worked out at 30 digits (mpmath)", () => {
    const seen = equivalence(first, second);
    expect(seen.p).toBeCloseTo(0.00134871491531605, 9);
    expect(seen.ratio).toBeCloseTo(0.995544568881756, 12);
    expect(seen.ratioLow).toBeCloseTo(0.98874913619067, 9);
    expect(seen.ratioHigh).toBeCloseTo(1.00238670493143, 9);
    expect(equivalence(first, second, { margin: 0.005 }).p).toBeCloseTo(0.445919727858509, 9);
  });

  it("shows equality within 2 %, but not within half a percent", () => {
    expect(equivalence(first, second).equivalent).toBe(true);
    expect(equivalence(first, second, { margin: 0.005 }).equivalent).toBe(false);
  });

  it("takes each one-sided test at alpha, not at half of it", () => {
    const { p, equivalent } = equivalence(first, second, { margin: 0.0119 });
    expect(p).toBeGreaterThan(0.03);
    expect(p).toBeLessThan(0.05);
    expect(equivalent).toBe(true);
    expect(equivalence(first, second, { margin: 0.0119, alpha: 0.025 }).equivalent).toBe(false);
  });

  it("does not show equality from ignorance: two wildly spread values prove nothing", () => {
    expect(equivalence([50, 200], [60, 180]).equivalent).toBe(false);
  });

  it("is equivalent exactly when the 90 % interval of the ratio lies inside the margin", () => {
    const sample = fc.array(fc.double({ min: 95, max: 105, noNaN: true }), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const { equivalent, ratioLow, ratioHigh } = equivalence(a, b);
        const near = Math.min(Math.abs(ratioLow - 1 / 1.02), Math.abs(ratioHigh - 1.02)) < 1e-9;
        if (!near) expect(equivalent).toBe(ratioLow > 1 / 1.02 && ratioHigh < 1.02);
      }),
    );
  });

  it("says the same when the samples change places", () => {
    const seen = equivalence(first, second);
    const turned = equivalence(second, first);
    expect(turned.p).toBeCloseTo(seen.p, 12);
    expect(turned.ratio * seen.ratio).toBeCloseTo(1, 12);
  });

  it("is certain about values without any spread", () => {
    expect(equivalence([5, 5], [5, 5])).toMatchObject({ equivalent: true, p: 0, ratio: 1 });
    expect(equivalence([5, 5], [6, 6])).toMatchObject({ equivalent: false, p: 1 });
  });

  it("needs two values on each side", () => {
    expect(() => equivalence([1], [1, 2])).toThrow(RangeError);
  });
});

describe("holm", () => {
  it("adjusts the textbook example", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    for (const [i, p] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[i]).toBeCloseTo(p, 12);
  });

  it("leaves a single probability alone and an empty list empty", () => {
    expect(holm([0.2])).toEqual([0.2]);
    expect(holm([])).toEqual([]);
  });

  it("never lowers a probability, keeps their order, and lies between none and Bonferroni", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (ps) => {
        const adjusted = holm(ps);
        for (const [i, p] of ps.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, p * ps.length) + 1e-15);
          for (const [j, other] of ps.entries())
            if (p < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? -1);
        }
      }),
    );
  });

  it("refuses what is no probability", () => {
    expect(() => holm([0.5, 1.5])).toThrow(RangeError);
    expect(() => holm([Number.NaN])).toThrow(RangeError);
  });
});
