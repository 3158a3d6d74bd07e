import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalCdf, normalQuantile } from "./normal.ts";

describe("normalCdf", () => {
  // Computed with mpmath at 40 digits.
  it.each([
    [-37, 5.725571222524577e-300],
    [-8, 6.220960574271784e-16],
    [-4, 3.1671241833119924e-5],
    [-2.0001, 0.02274473339141056],
    [-1, 0.15865525393145705],
    [0.3, 0.6179114221889527],
    [1.99, 0.9767045322497881],
    [2.01, 0.9777844055705686],
    [6, 0.9999999990134123],
  ])("at %d agrees with 40 digits", (z, truth) => {
    expect(Math.abs(normalCdf(z) / truth - 1)).toBeLessThan(2e-13);
  });

  it("is one half at zero and certain at the infinities", () => {
    expect(normalCdf(0)).toBe(0.5);
    expect(normalCdf(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(normalCdf(Number.POSITIVE_INFINITY)).toBe(1);
  });

  it("refuses NaN", () => {
    expect(() => normalCdf(Number.NaN)).toThrow(RangeError);
  });

  it("never falls", () => {
    fc.assert(
      fc.property(fc.double({ min: -9, max: 9, noNaN: true }), (z) => {
        expect(normalCdf(z + 1e-3)).toBeGreaterThanOrEqual(normalCdf(z));
      }),
    );
  });
});

describe("normalQuantile", () => {
  it.each([
    [0.975, 1.9599639845400543],
    [0.025, -1.9599639845400543],
    [0.6, 0.2533471031357998],
    [0.999, 3.0902323061678136],
    [1e-10, -6.361340902404057],
    [1e-300, -37.0470962993612],
  ])("at %d agrees with 40 digits", (p, truth) => {
    expect(Math.abs(normalQuantile(p) / truth - 1)).toBeLessThan(1e-12);
  });

  it("is undone by normalCdf", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }), (p) => {
        expect(Math.abs(normalCdf(normalQuantile(p)) - p)).toBeLessThan(1e-14);
      }),
    );
  });

  it("refuses 0, 1 and what lies outside", () => {
    for (const p of [0, 1, -0.1, 1.1, Number.NaN]) expect(() => normalQuantile(p)).toThrow(RangeError);
  });
});
