import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, quantile } from "./median.ts";
import {
  coefficientOfVariation,
  logStandardDeviation,
  logs,
  mean,
  medianAbsoluteDeviation,
  standardDeviation,
} from "./spread.ts";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });

describe("median and quantile", () => {
  it("take the middle, or the mean of the two in the middle", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it("interpolate by definition 7, the default of R and NumPy", () => {
    const values = [15, 20, 35, 40, 50];
    expect(quantile(values, 0)).toBe(15);
    expect(quantile(values, 0.25)).toBe(20);
    expect(quantile(values, 0.4)).toBeCloseTo(29, 12);
    expect(quantile(values, 0.95)).toBeCloseTo(48, 12);
    expect(quantile(values, 1)).toBe(50);
  });

  it("stay between the smallest and the largest, whatever the size of the values", () => {
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, p) => {
          const seen = quantile(values, p);
          expect(seen).toBeGreaterThanOrEqual(Math.min(...values));
          expect(seen).toBeLessThanOrEqual(Math.max(...values));
        },
      ),
    );
  });

  it("do not depend on the order and leave the input alone", () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), (values) => {
        const before = [...values];
        expect(median([...values].reverse())).toBe(median(values));
        expect(values).toEqual(before);
      }),
    );
  });

  it("refuse an empty list, NaN and infinities with one sentence", () => {
    expect(() => median([])).toThrow("median: 0 value(s) given, at least 1 needed.");
    expect(() => median([1, Number.NaN])).toThrow("median: value 2 is NaN, a finite number is needed.");
    expect(() => quantile([Number.POSITIVE_INFINITY], 0.5)).toThrow(RangeError);
    expect(() => quantile([1], 1.5)).toThrow(RangeError);
  });
});

describe("spread", () => {
  it("gives the textbook figures of 2, 4, 4, 4, 5, 5, 7, 9", () => {
    const values = [2, 4, 4, 4, 5, 5, 7, 9];
    expect(mean(values)).toBe(5);
    expect(standardDeviation(values)).toBeCloseTo(Math.sqrt(32 / 7), 14);
    expect(coefficientOfVariation(values)).toBeCloseTo(Math.sqrt(32 / 7) / 5, 14);
    expect(medianAbsoluteDeviation(values)).toBe(0.5);
  });

  it("keeps its digits far from zero", () => {
    expect(standardDeviation([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])).toBeCloseTo(Math.sqrt(30), 9);
  });

  it("does not overflow on large values", () => {
    expect(mean([1e308, 1e308, 1e308])).toBeCloseTo(1e308, -300);
  });

  it("sees the same relative spread of rates and of their reciprocals", () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 2 }), (values) => {
        const there = logStandardDeviation(values);
        const back = logStandardDeviation(values.map((value) => 1 / value));
        expect(Math.abs(there - back)).toBeLessThan(1e-9);
      }),
    );
  });

  it("is near the coefficient of variation for small noise", () => {
    const values = [98, 99, 100, 101, 102];
    expect(logStandardDeviation(values)).toBeCloseTo(coefficientOfVariation(values), 4);
  });

  it("needs two values, and above zero where a logarithm is taken", () => {
    expect(() => standardDeviation([1])).toThrow(RangeError);
    expect(() => coefficientOfVariation([1, -1])).toThrow(RangeError);
    expect(() => logs([1, 0])).toThrow("logs: value 2 is 0, a number above zero is needed.");
    expect(() => medianAbsoluteDeviation([])).toThrow(RangeError);
  });
});
