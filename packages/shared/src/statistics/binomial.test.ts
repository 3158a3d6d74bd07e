import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binomialCdf, binomialPmf } from "./binomial.ts";

describe("the binomial distribution", () => {
  it("agrees with 40 digits (mpmath)", () => {
    expect(binomialPmf(7, { n: 20, p: 0.3 })).toBeCloseTo(0.1642619852172365, 13);
    expect(binomialCdf(5, { n: 300, p: 0.01 })).toBeCloseTo(0.9170964367157391, 12);
  });

  it("gives the coverage 1 - 2/2^6 of [smallest, largest] of six", () => {
    expect(1 - 2 * binomialCdf(0, { n: 6, p: 0.5 })).toBeCloseTo(0.96875, 14);
  });

  it("has a cumulative probability that is the sum of the single ones", () => {
    const cases = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }));
    fc.assert(
      fc.property(cases, ([n, p]) => {
        let sum = 0;
        for (let k = 0; k <= n; k += 1) {
          sum += binomialPmf(k, { n, p });
          expect(Math.abs(binomialCdf(k, { n, p }) - sum)).toBeLessThan(1e-11);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("is certain where the success probability is 0 or 1", () => {
    expect(binomialPmf(0, { n: 4, p: 0 })).toBe(1);
    expect(binomialPmf(4, { n: 4, p: 1 })).toBe(1);
    expect(binomialCdf(3, { n: 4, p: 1 })).toBe(0);
    expect(binomialCdf(3, { n: 4, p: 0 })).toBe(1);
    expect(binomialPmf(5, { n: 4, p: 0.5 })).toBe(0);
  });

  it("refuses what can't be counted", () => {
    expect(() => binomialPmf(1.5, { n: 4, p: 0.5 })).toThrow(RangeError);
    expect(() => binomialCdf(1, { n: -4, p: 0.5 })).toThrow(RangeError);
    expect(() => binomialCdf(1, { n: 4, p: 1.5 })).toThrow(RangeError);
  });
});
