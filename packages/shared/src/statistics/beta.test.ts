import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { betaAt, inverseRegularizedBeta, regularizedBeta } from "./beta.ts";
import { logGamma } from "./log-gamma.ts";

const relative = (seen: number, truth: number): number => Math.abs(seen / truth - 1);

describe("logGamma", () => {
  // Computed with mpmath at 40 digits.
  it.each([
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247001],
    [1.5, -0.12078223763524522],
    [3.7, 1.4280723266653879],
    [12, 17.502307845873887],
    [100.5, 361.4355404677776],
    [3000, 21016.018485477896],
    [1e6, 12815504.569147611],
  ])("at %d agrees with 40 digits to 1e-13", (x, truth) => {
    expect(relative(logGamma(x), truth)).toBeLessThan(1e-13);
  });

  it("is the logarithm of the factorial", () => {
    expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 13);
  });

  it("refuses zero, negatives and what is no number", () => {
    for (const x of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => logGamma(x)).toThrow(RangeError);
  });
});

describe("regularizedBeta", () => {
  // Computed with mpmath at 40 digits.
  it.each([
    [0.1, 0.5, 0.5, 0.20483276469913345],
    [0.3, 2, 5, 0.579825],
    [0.9, 10, 0.5, 0.15164090963470991],
    [0.001, 0.5, 100, 0.34495648367557025],
    [0.97, 300, 5, 0.04862710053847315],
    [0.5, 2000, 2000, 0.5],
  ])("at %d with shapes %d and %d agrees with 40 digits to 1e-11", (x, a, b, truth) => {
    expect(relative(regularizedBeta(x, { a, b }), truth)).toBeLessThan(1e-11);
  });

  it("is 0 and 1 at the ends", () => {
    expect(regularizedBeta(0, { a: 2, b: 3 })).toBe(0);
    expect(regularizedBeta(1, { a: 2, b: 3 })).toBe(1);
  });

  it("mirrors when x and the shapes change sides", () => {
    const shape = fc.double({ min: 0.05, max: 500, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), shape, shape, (x, a, b) => {
        const other = betaAt({ x: 1 - x, y: x }, { a: b, b: a });
        expect(Math.abs(regularizedBeta(x, { a, b }) - (1 - other))).toBeLessThan(1e-11);
      }),
    );
  });

  it("refuses shapes that are not above zero, and x outside 0..1", () => {
    expect(() => regularizedBeta(0.5, { a: 0, b: 1 })).toThrow(RangeError);
    expect(() => regularizedBeta(0.5, { a: 1, b: Number.NaN })).toThrow(RangeError);
    expect(() => regularizedBeta(1.1, { a: 1, b: 1 })).toThrow(RangeError);
  });
});

describe("inverseRegularizedBeta", () => {
  it("is undone by regularizedBeta", () => {
    const shape = fc.double({ min: 0.5, max: 200, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), shape, shape, (p, a, b) => {
        const point = inverseRegularizedBeta(p, { a, b });
        expect(Math.abs(betaAt(point, { a, b }) - p)).toBeLessThan(1e-11);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps the digits of 1 - x where x is all but 1", () => {
    // I_x(1, 0.5) = 1 - sqrt(1 - x), so that 1 - x = (1 - p)^2.
    const { y } = inverseRegularizedBeta(1 - 2 ** -20, { a: 1, b: 0.5 });
    expect(relative(y, 2 ** -40)).toBeLessThan(1e-8);
  });
});
