import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hodgesLehmann, logShift } from "./hodges-lehmann.ts";
import { mannWhitneyNull, shiftRank } from "./mann-whitney.ts";
import { normalQuantile } from "./normal.ts";
import { seededRandom } from "./seeded-random.ts";

/** All ways to choose the ranks of the first sample, by brute force. */
function countU(n: number, m: number): number[] {
  const counts = new Array<number>(n * m + 1).fill(0);
  for (let chosen = 0; chosen < 2 ** (n + m); chosen += 1) {
    let first = 0;
    let u = 0;
    for (let bit = 0; bit < n + m; bit += 1) {
      if ((chosen >> bit) & 1) {
        first += 1;
        u += bit + 1 - first;
      }
    }
    if (first === n) counts[u] = (counts[u] ?? 0) + 1;
  }
  return counts;
}

describe("mannWhitneyNull", () => {
  it.each([
    [1, 1],
    [2, 3],
    [4, 4],
    [3, 6],
    [5, 5],
  ])("counts the arrangements of %d and %d as brute force does", (n, m) => {
    const counts = countU(n, m);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const seen = [...mannWhitneyNull(n, m)];
    expect(seen).toHaveLength(n * m + 1);
    for (const [u, count] of counts.entries()) expect(seen[u]).toBeCloseTo(count / total, 13);
  });

  it("sums to one and is symmetric", () => {
    const size = fc.integer({ min: 1, max: 14 });
    fc.assert(
      fc.property(size, size, (n, m) => {
        const seen = [...mannWhitneyNull(n, m)];
        expect(seen.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        for (const [u, p] of seen.entries()) expect(p).toBeCloseTo(seen[n * m - u] ?? -1, 13);
      }),
      { numRuns: 30 },
    );
  });
});

describe("shiftRank", () => {
  // reference/statistics.md 1.5.
  it.each([
    [4, 1],
    [5, 3],
    [6, 6],
    [7, 9],
    [8, 14],
    [10, 24],
  ])("of %d against as many is %d at the usual confidence", (n, k) => {
    expect(shiftRank(n, n)?.k).toBe(k);
  });

  // Printed table of Mann-Whitney's U, two-sided 5 % (K = U + 1).
  it.each([
    [3, 5, 0],
    [3, 10, 3],
    [4, 8, 4],
    [5, 8, 6],
    [6, 9, 10],
    [7, 10, 14],
    [8, 10, 17],
    [9, 10, 20],
    [15, 15, 64],
    [20, 20, 127],
  ])("of %d against %d is one above the printed critical value %d", (n, m, critical) => {
    expect(shiftRank(n, m)?.k).toBe(critical + 1);
    expect(shiftRank(m, n)?.k).toBe(critical + 1);
  });

  it("is none for 3 against 3 at 95 %, and 1 at 90 %", () => {
    expect(shiftRank(3, 3)).toBeNull();
    expect(shiftRank(3, 3, 0.9)).toEqual({ k: 1, coverage: expect.closeTo(0.9, 12) });
  });

  it("says the exact coverage: 4 against 4 leaves out 1 of 70 on each side", () => {
    expect(shiftRank(4, 4)?.coverage).toBeCloseTo(1 - 2 / 70, 12);
  });

  it("covers 95 % also where the normal approximation takes over", () => {
    const k = shiftRank(50, 51)?.k ?? 0;
    const tail = mannWhitneyNull(50, 51)
      .slice(0, k)
      .reduce((sum, p) => sum + p, 0);
    expect(1 - 2 * tail).toBeGreaterThan(0.949);
    expect(1 - 2 * tail).toBeLessThan(0.952);
  });

  it("refuses sizes that are no whole number above zero", () => {
    expect(() => shiftRank(0, 4)).toThrow(RangeError);
    expect(() => mannWhitneyNull(2.5, 4)).toThrow(RangeError);
  });
});

describe("hodgesLehmann", () => {
  it("gives the textbook figures of Hollander and Wolfe's example 4.1 (permeability of membranes)", () => {
    const term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const early = [1.15, 0.88, 0.9, 0.74, 1.21];
    const seen = hodgesLehmann(term, early);
    expect(seen.shift).toBeCloseTo(0.305, 12);
    expect(seen.low).toBeCloseTo(-0.15, 12);
    expect(seen.high).toBeCloseTo(0.76, 12);
  });

  it("has no interval for 3 against 3", () => {
    expect(hodgesLehmann([1, 2, 3], [4, 5, 6])).toEqual({ shift: -3, low: null, high: null, coverage: null });
  });

  it("spans all differences for 4 against 4", () => {
    expect(hodgesLehmann([1, 2, 3, 4], [1, 2, 3, 4])).toMatchObject({ shift: 0, low: -3, high: 3 });
  });

  it("moves with the first sample and turns round with the order", () => {
    const sample = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 4, maxLength: 9 });
    fc.assert(
      fc.property(sample, sample, fc.integer({ min: -500, max: 500 }), (a, b, by) => {
        const seen = hodgesLehmann(a, b);
        const moved = hodgesLehmann(
          a.map((value) => value + by),
          b,
        );
        expect(moved.shift).toBe(seen.shift + by);
        expect(moved.low).toBe((seen.low ?? 0) + by);
        const turned = hodgesLehmann(b, a);
        expect(turned.shift + seen.shift).toBe(0);
        expect((turned.low ?? 0) + (seen.high ?? 0)).toBe(0);
        expect(seen.low).toBeLessThanOrEqual(seen.shift);
        expect(seen.high).toBeGreaterThanOrEqual(seen.shift);
      }),
    );
  });

  it("is hardly moved by one gross event", () => {
    const quiet = hodgesLehmann([10, 11, 12, 13, 14], [1, 2, 3, 4, 5]).shift;
    expect(
      Math.abs(hodgesLehmann([10, 11, 12, 13, 9999], [1, 2, 3, 4, 5]).shift - quiet),
    ).toBeLessThanOrEqual(1);
  });

  it.each([
    [5, 5],
    [7, 7],
    [6, 9],
  ])("covers the true shift of %d against %d noisy rates as often as it says, over 2,000 draws", (n, m) => {
    const random = seededRandom(`shift ${n} ${m}`);
    const draw = (size: number, centre: number) =>
      Array.from({ length: size }, () => centre * Math.exp(0.02 * normalQuantile(random.next() + 1e-17)));
    const truth = Math.log(52 / 50);
    let covered = 0;
    for (let turn = 0; turn < 2000; turn += 1) {
      const { low, high } = logShift(draw(n, 52), draw(m, 50));
      if ((low ?? 1) <= truth && (high ?? -1) >= truth) covered += 1;
    }
    const promised = shiftRank(n, m)?.coverage ?? 0;
    expect(promised).toBeGreaterThanOrEqual(0.95);
    expect(Math.abs(covered / 2000 - promised)).toBeLessThan(
      4 * Math.sqrt((promised * (1 - promised)) / 2000),
    );
    expect(covered / 2000).toBeGreaterThan(0.93);
  });

  it("refuses empty samples and values without a logarithm", () => {
    expect(() => hodgesLehmann([], [1])).toThrow(RangeError);
    expect(() => hodgesLehmann([1], [Number.NaN])).toThrow(RangeError);
    expect(() => logShift([1, -1], [1])).toThrow(RangeError);
  });
});
