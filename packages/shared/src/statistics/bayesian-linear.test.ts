import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitLinear } from "./bayesian-linear.ts";

const wide = (size: number, noise = 0.01) => ({
  means: new Array<number>(size).fill(0),
  deviations: new Array<number>(size).fill(100),
  noise,
});

describe("fitLinear", () => {
  it("finds a line through points that lie on one", () => {
    const coefficient = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(coefficient, coefficient, (intercept, slope) => {
        const observations = [0, 1, 2, 3, 4].map((x) => ({ features: [1, x], value: intercept + slope * x }));
        const { mean } = fitLinear(observations, wide(2)).predict([1, 10]);
        expect(mean).toBeCloseTo(intercept + slope * 10, 3);
      }),
    );
  });

  it("returns the prior where nothing was observed, with the prior's doubt", () => {
    const fit = fitLinear([], { means: [2, -1], deviations: [3, 4], noise: 1 });
    expect(fit.predict([1, 0])).toEqual({ mean: 2, deviation: 3 });
    expect(fit.predict([1, 1]).deviation).toBeCloseTo(5, 12);
  });

  it("agrees with the posterior of one normal mean: 1 of 3 parts prior, 2 of 3 parts data", () => {
    // Prior N(0, 1), two observations of 3 with noise 1: mean 2, variance 1/3.
    const observations = [
      { features: [1], value: 3 },
      { features: [1], value: 3 },
    ];
    const { mean, deviation } = fitLinear(observations, { means: [0], deviations: [1], noise: 1 }).predict([
      1,
    ]);
    expect(mean).toBeCloseTo(2, 12);
    expect(deviation ** 2).toBeCloseTo(1 / 3, 12);
  });

  it("becomes surer where it has seen more, and never less sure than before", () => {
    const before = fitLinear([{ features: [1, 0], value: 1 }], wide(2));
    const after = fitLinear(
      [
        { features: [1, 0], value: 1 },
        { features: [1, 1], value: 2 },
      ],
      wide(2),
    );
    expect(after.predict([1, 1]).deviation).toBeLessThan(before.predict([1, 1]).deviation);
    expect(after.predict([1, 0]).deviation).toBeLessThanOrEqual(before.predict([1, 0]).deviation + 1e-12);
  });

  it("refuses features of another length and deviations of zero", () => {
    expect(() => fitLinear([{ features: [1], value: 1 }], wide(2))).toThrow(RangeError);
    expect(() => fitLinear([], { means: [0], deviations: [0], noise: 1 })).toThrow(RangeError);
  });
});
