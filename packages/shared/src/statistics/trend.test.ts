import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.ts";
import { mannKendall, thirdsRatio, throttlingSign } from "./trend.ts";

/** S by looking at every pair. */
function pairwiseS(values: readonly number[]): number {
  return values.reduce(
    (sum, value, i) =>
      sum + values.slice(i + 1).reduce((inner, later) => inner + Math.sign(later - value), 0),
    0,
  );
}

const permutations = (items: readonly number[]): number[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, i) =>
        permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
      );

describe("mannKendall", () => {
  // Kendall's exact table of P(S >= s) (Gilbert 1987, table A18), doubled for two sides.
  it.each([
    [[1, 2, 3, 4], 6, 0.042],
    [[1, 2, 3, 5, 4], 8, 0.042],
    [[1, 2, 3, 4, 5], 10, 0.0083],
    [[2, 1, 3, 4, 6, 5], 11, 0.028],
    [[1, 2, 3, 4, 5, 6], 15, 0.0014],
  ])("gives %j S = %d with the tabulated one-sided probability %d", (values, s, oneSided) => {
    const seen = mannKendall(values);
    expect(seen.s).toBe(s);
    expect(seen.p / 2).toBeCloseTo(oneSided, 3);
  });

  it("counts S as looking at every pair does, ties included", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 60 }), (values) => {
        expect(mannKendall(values).s + 0).toBe(pairwiseS(values) + 0);
      }),
    );
  });

  it("uses the variance that S really has over all orders of a series with ties", () => {
    const values = [1, 1, 2, 2, 2, 3, 4];
    const all = permutations(values).map(pairwiseS);
    const variance = all.reduce((sum, s) => sum + s * s, 0) / all.length;
    // (7 6 19 - 2 1 9 - 3 2 11) / 18
    expect(variance).toBeCloseTo((798 - 18 - 66) / 18, 9);
    const rising = mannKendall(values);
    expect(rising.s).toBe(17);
    // Two-sided normal tail of (17 - 1) / sqrt(variance) = 2.5404.
    expect(rising.p).toBeCloseTo(0.01107, 4);
  });

  it("changes sign when time runs backwards", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3 }), (values) => {
        const there = mannKendall(values);
        const back = mannKendall([...values].reverse());
        expect(back.s + there.s).toBe(0);
        expect(back.p).toBeCloseTo(there.p, 12);
        expect(there.p).toBeGreaterThanOrEqual(0);
        expect(there.p).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("sees no trend in equal values", () => {
    expect(mannKendall([5, 5, 5, 5])).toEqual({ s: 0, tau: 0, p: 1 });
  });

  it("says p < .05 for about 5 % of 2,000 random series of 30", () => {
    const random = seededRandom("trend");
    let found = 0;
    for (let series = 0; series < 2000; series += 1) {
      if (mannKendall(Array.from({ length: 30 }, () => random.next())).p < 0.05) found += 1;
    }
    expect(found / 2000).toBeGreaterThan(0.03);
    expect(found / 2000).toBeLessThan(0.07);
  });

  it("refuses fewer than three values", () => {
    expect(() => mannKendall([1, 2])).toThrow(RangeError);
  });
});

describe("throttling", () => {
  const run = (fall: number): number[] => {
    const random = seededRandom("sustained");
    return Array.from(
      { length: 600 },
      (_, i) => 50 * (1 - (fall * i) / 600) * (1 + 0.02 * (random.next() - 0.5)),
    );
  };

  it("compares the medians of the last and the first third", () => {
    expect(thirdsRatio([10, 10, 9, 9, 8, 8])).toBeCloseTo(0.8, 12);
    expect(thirdsRatio([10, 11, 12, 5, 20, 21, 22])).toBeCloseTo(21.5 / 10.5, 12);
  });

  it("is seen in a run that loses 12 %", () => {
    expect(throttlingSign(run(0.12))).toMatchObject({ throttled: true });
  });

  it("is not seen in a significant fall of 3 %: the effect is too small", () => {
    const seen = throttlingSign(run(0.03));
    expect(seen.p).toBeLessThan(0.01);
    expect(seen.throttled).toBe(false);
  });

  it("is not seen in a run that speeds up, nor in a short noisy one", () => {
    expect(throttlingSign(run(-0.2)).throttled).toBe(false);
    expect(throttlingSign([100, 90, 95, 93, 92, 94]).throttled).toBe(false);
  });

  it("is not seen in a loss of 9 % that chance explains (p = .056)", () => {
    const seen = throttlingSign([100, 99, 95, 96, 90, 91]);
    expect(seen.ratio).toBeLessThan(0.95);
    expect(seen.p).toBeCloseTo(0.0556, 4);
    expect(seen.throttled).toBe(false);
  });

  it("handles a minute of tokens quickly", () => {
    const random = seededRandom("long");
    const rates = Array.from({ length: 20_000 }, () => 100 + random.next());
    expect(throttlingSign(rates).throttled).toBe(false);
  });
});
