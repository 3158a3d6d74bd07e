import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { studentTCdf, studentTQuantile } from "./student-t.ts";

describe("studentTQuantile", () => {
  // Printed t table, two-sided 95 % (NIST/SEMATECH e-Handbook 1.3.6.7.2).
  it.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [6, 2.447],
    [8, 2.306],
    [10, 2.228],
    [14, 2.145],
    [30, 2.042],
    [100, 1.984],
  ])("with %d degrees of freedom gives the printed two-sided point %d", (degrees, printed) => {
    expect(Number(studentTQuantile(0.975, degrees).toFixed(3))).toBe(printed);
  });

  // Computed with mpmath at 40 digits.
  it.each([
    [0.975, 1, 12.706204736174705],
    [0.975, 14, 2.144786687917804],
    [0.995, 5, 4.032142983555228],
    [0.9, 2.5, 1.7302509288071766],
    [0.9999, 3, 22.20374227320418],
    [0.975, 1e5, 1.9599877075346097],
    [0.501, 9, 0.002577090893177916],
  ])("at %d with %d degrees of freedom agrees with 40 digits to 1e-9", (p, degrees, truth) => {
    expect(Math.abs(studentTQuantile(p, degrees) / truth - 1)).toBeLessThan(1e-9);
  });

  it("is symmetric, and zero in the middle", () => {
    expect(studentTQuantile(0.1, 7)).toBeCloseTo(-studentTQuantile(0.9, 7), 12);
    expect(studentTQuantile(0.5, 7)).toBe(0);
  });

  it("is the normal quantile for infinitely many degrees of freedom", () => {
    expect(studentTQuantile(0.975, Number.POSITIVE_INFINITY)).toBeCloseTo(1.959963984540054, 13);
  });

  it("is undone by studentTCdf for any degrees of freedom", () => {
    const degrees = fc.double({ min: 0.5, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), degrees, (p, df) => {
        expect(Math.abs(studentTCdf(studentTQuantile(p, df), df) - p)).toBeLessThan(1e-10);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses degrees of freedom that are not above zero", () => {
    for (const degrees of [0, -1, Number.NaN]) {
      expect(() => studentTQuantile(0.9, degrees)).toThrow(RangeError);
      expect(() => studentTCdf(1, degrees)).toThrow(RangeError);
    }
  });
});

describe("studentTCdf", () => {
  // Computed with mpmath at 40 digits.
  it.each([
    [-1, 1, 0.25],
    [2.5, 3, 0.9561466764959672],
    [-10, 4, 0.00028100181135799556],
    [-40, 2.5, 7.097817145246691e-5],
    [0.001, 7, 0.5003849913775006],
    [-3, 1e6, 0.0013499312707108985],
  ])("at %d with %d degrees of freedom agrees with 40 digits to 1e-9", (t, degrees, truth) => {
    expect(Math.abs(studentTCdf(t, degrees) / truth - 1)).toBeLessThan(1e-9);
  });

  it("is certain at the infinities", () => {
    expect(studentTCdf(Number.NEGATIVE_INFINITY, 3)).toBe(0);
    expect(studentTCdf(Number.POSITIVE_INFINITY, 3)).toBe(1);
    expect(studentTCdf(1e200, 3)).toBe(1);
  });
});
