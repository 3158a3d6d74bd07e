import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logHalfWidth, medianInterval, medianRank, rankCoverage } from "./interval.ts";
import { normalQuantile } from "./normal.ts";
import { seededRandom } from "./seeded-random.ts";

const rates = (options: { minLength: number; maxLength?: number }) =>
  fc.array(fc.double({ min: 0.01, max: 1e5, noNaN: true }), options);

describe("medianRank", () => {
  // reference/statistics.md 1.4-7.
  it.each([
    [6, 1],
    [7, 1],
    [8, 1],
    [9, 2],
    [10, 2],
    [12, 3],
    [15, 4],
    [20, 6],
  ])("of %d values is %d at the usual confidence", (n, rank) => {
    expect(medianRank(n)).toBe(rank);
  });

  it("is none for five values: their whole range covers only 94 %", () => {
    expect(medianRank(5)).toBe(0);
    expect(rankCoverage(5, 1)).toBeCloseTo(0.9375, 12);
  });

  it("is the largest that still covers, for any n and confidence", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.constantFrom(0.8, 0.9, 0.95, 0.99),
        (n, confidence) => {
          const rank = medianRank(n, confidence);
          if (rank > 0) expect(rankCoverage(n, rank)).toBeGreaterThanOrEqual(confidence);
          if (2 * (rank + 1) <= n) expect(rankCoverage(n, rank + 1)).toBeLessThan(confidence);
        },
      ),
    );
  });
});

describe("medianInterval", () => {
  it("says nothing about the spread of a single value", () => {
    expect(medianInterval([42])).toEqual({
      median: 42,
      ciLow: null,
      ciHigh: null,
      n: 1,
      method: "t-on-log",
      preliminary: true,
      coverage: null,
    });
  });

  it("uses t on the logarithms, marked preliminary, below six values", () => {
    const seen = medianInterval([90, 100, 111]);
    // Centre exp(mean ln) = 99.967, half width 4.3027 x 0.10486 / sqrt(3) = 0.26049.
    expect(seen).toMatchObject({ median: 100, n: 3, method: "t-on-log", preliminary: true, coverage: 0.95 });
    expect(seen.ciLow).toBeCloseTo(77.04, 2);
    expect(seen.ciHigh).toBeCloseTo(129.71, 2);
  });

  it("uses t below six values even where their range would cover the confidence asked for", () => {
    expect(medianInterval([1, 2, 3, 4, 5], 0.9)).toMatchObject({ method: "t-on-log", preliminary: true });
  });

  it("takes the second smallest and second largest of ten", () => {
    const seen = medianInterval([10, 1, 2, 9, 3, 8, 4, 7, 5, 6]);
    expect(seen).toMatchObject({
      median: 5.5,
      ciLow: 2,
      ciHigh: 9,
      method: "order-statistics",
      preliminary: false,
    });
    expect(seen.coverage).toBeCloseTo(0.978515625, 12);
  });

  it("falls back to t, preliminary, when so few values can't reach the confidence", () => {
    expect(medianInterval([1, 2, 3, 4, 5, 6], 0.99)).toMatchObject({ method: "t-on-log", preliminary: true });
  });

  it("always holds its own median", () => {
    fc.assert(
      fc.property(rates({ minLength: 2, maxLength: 25 }), (values) => {
        const { median, ciLow, ciHigh } = medianInterval(values);
        expect(ciLow).toBeLessThanOrEqual(median * (1 + 1e-12));
        expect(ciHigh).toBeGreaterThanOrEqual(median * (1 - 1e-12));
      }),
    );
  });

  it("turns round with the reciprocal: times and rates tell the same story", () => {
    // An odd number: the median of an even one is a mean, which a reciprocal does not respect.
    const odd = fc.constantFrom(3, 5, 7, 9, 15).chain((n) => rates({ minLength: n, maxLength: n }));
    fc.assert(
      fc.property(odd, (values) => {
        const rate = medianInterval(values);
        const time = medianInterval(values.map((value) => 1 / value));
        expect((rate.ciLow ?? 0) * (time.ciHigh ?? 0)).toBeCloseTo(1, 6);
      }),
    );
  });

  it("stays a positive number even for two values of wildly different size", () => {
    const { ciLow, ciHigh } = medianInterval([1e-300, 1e300]);
    expect(ciLow).toBeGreaterThan(0);
    expect(Number.isFinite(ciHigh)).toBe(true);
  });

  it("is a point when all values agree", () => {
    const { ciLow, ciHigh } = medianInterval([5, 5, 5]);
    expect(ciLow).toBeCloseTo(5, 12);
    expect(ciHigh).toBeCloseTo(5, 12);
  });

  it("refuses an empty list and values that are not above zero", () => {
    expect(() => medianInterval([])).toThrow(RangeError);
    expect(() => medianInterval([1, 0])).toThrow(RangeError);
    expect(() => medianInterval([1, 2], 1)).toThrow(RangeError);
  });

  // reference/statistics.md 1.3: t .95, order statistics at n = 7 and 10 .98.
  it.each([
    [3, 0.95],
    [5, 0.95],
    [7, rankCoverage(7, 1)],
    [10, rankCoverage(10, 2)],
    [15, rankCoverage(15, 4)],
  ])("covers the true median of %d noisy rates as often as it says, over 2,000 draws", (n, promised) => {
    const random = seededRandom(`coverage ${n}`);
    let covered = 0;
    for (let draw = 0; draw < 2000; draw += 1) {
      const values = Array.from(
        { length: n },
        () => 50 * Math.exp(0.02 * normalQuantile(random.next() + 1e-17)),
      );
      const { ciLow, ciHigh } = medianInterval(values);
      if ((ciLow ?? 0) <= 50 && (ciHigh ?? 0) >= 50) covered += 1;
    }
    // Four standard errors of the simulation.
    const slack = 4 * Math.sqrt((promised * (1 - promised)) / 2000);
    expect(Math.abs(covered / 2000 - promised)).toBeLessThan(slack);
    expect(covered / 2000).toBeGreaterThan(0.93);
  });
});

describe("logHalfWidth", () => {
  it("is t s / sqrt(n) on the logarithms", () => {
    // Logarithms 0, 0.02, 0.04: s = 0.02, t(.975, 2) = 4.302653.
    const values = [1, Math.exp(0.02), Math.exp(0.04)];
    expect(logHalfWidth(values)).toBeCloseTo((4.302652729749462 * 0.02) / Math.sqrt(3), 12);
  });

  it("is unknown for one value", () => {
    expect(logHalfWidth([3])).toBeNull();
  });
});
