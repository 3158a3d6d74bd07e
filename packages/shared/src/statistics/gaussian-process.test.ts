import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gaussianProcess } from "./gaussian-process.ts";

/** Squared exponential with length 1 and variance 1. */
const near = (a: number, b: number): number => Math.exp(-((a - b) ** 2) / 2);
const covarianceOf = (points: readonly number[]) => points.map((a) => points.map((b) => near(a, b)));
const unseen = (point: number, points: readonly number[]) => ({
  mean: 0,
  variance: 1,
  covariances: points.map((other) => near(point, other)),
});

const distinct = fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 8 });
const series = distinct.chain((points) =>
  fc.record({
    points: fc.constant(points),
    values: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
      minLength: points.length,
      maxLength: points.length,
    }),
  }),
);

describe("a Gaussian process", () => {
  it("agrees with the posterior of one normal mean: 1 of 3 parts prior, 2 of 3 parts data", () => {
    // Prior N(0, 1), two observations of 3 with noise 1: mean 2, variance 1/3.
    const everywhere = [1, 1];
    const process = gaussianProcess({ values: [3, 3], covariance: [everywhere, everywhere], noise: [1, 1] });
    const { mean, deviation } = process.predict({ mean: 0, variance: 1, covariances: everywhere });
    expect(mean).toBeCloseTo(2, 12);
    expect(deviation ** 2).toBeCloseTo(1 / 3, 12);
  });

  it("goes through what was seen without noise, and is sure there", () => {
    fc.assert(
      fc.property(series, ({ points, values }) => {
        const noise = points.map(() => 1e-9);
        const process = gaussianProcess({ values, covariance: covarianceOf(points), noise });
        for (const [index, point] of points.entries()) {
          const { mean, deviation } = process.predict(unseen(point, points));
          expect(mean).toBeCloseTo(values[index] ?? 0, 4);
          expect(deviation).toBeLessThan(0.001);
        }
      }),
    );
  });

  it("believes its prior far from everything that was seen", () => {
    const process = gaussianProcess({ values: [5], covariance: [[1]], noise: [0.1] });
    expect(process.predict({ mean: 2, variance: 9, covariances: [0] })).toEqual({ mean: 2, deviation: 3 });
  });

  it("predicts each point from all others as a process does that never saw it", () => {
    fc.assert(
      fc.property(
        series.filter(({ points }) => points.length > 1),
        ({ points, values }) => {
          const noise = points.map((_, index) => 0.05 + 0.01 * index);
          const all = gaussianProcess({ values, covariance: covarianceOf(points), noise });
          const [first] = all.leaveOneOut();
          const [point = 0, ...others] = points;
          const without = gaussianProcess({
            values: values.slice(1),
            covariance: covarianceOf(others),
            noise: noise.slice(1),
          }).predict(unseen(point, others));
          expect(first?.mean).toBeCloseTo(without.mean, 8);
          expect(first?.deviation).toBeCloseTo(without.deviation, 6);
        },
      ),
    );
  });

  it("gives the density of a normal value, and of two that are independent", () => {
    const density = (value: number, variance: number): number =>
      -0.5 * (value ** 2 / variance + Math.log(2 * Math.PI * variance));
    const one = gaussianProcess({ values: [1.5], covariance: [[2]], noise: [0.5] });
    expect(one.logLikelihood).toBeCloseTo(density(1.5, 2.5), 12);
    const covariance = [
      [2, 0],
      [0, 1],
    ];
    const two = gaussianProcess({ values: [1.5, -1], covariance, noise: [0.5, 1] });
    expect(two.logLikelihood).toBeCloseTo(density(1.5, 2.5) + density(-1, 2), 12);
  });

  it("refuses a covariance that none can be", () => {
    const covariance = [
      [1, 2],
      [2, 1],
    ];
    expect(() => gaussianProcess({ values: [1, 1], covariance, noise: [0.1, 0.1] })).toThrow(
      /not positive definite/,
    );
  });
});
