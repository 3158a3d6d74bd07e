import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareRates } from "./compare.ts";
import { normalQuantile } from "./normal.ts";
import { seededRandom } from "./seeded-random.ts";
import { compareForTie, type TieBreakFacts } from "./tie-break.ts";

const steady = (centre: number, n = 6): number[] =>
  Array.from({ length: n }, (_, i) => centre * (1 + 0.001 * (i - (n - 1) / 2)));

describe("compareRates", () => {
  it("calls 5 % more better and 5 % less worse", () => {
    expect(compareRates(steady(105), steady(100)).verdict).toBe("better");
    expect(compareRates(steady(95), steady(100)).verdict).toBe("worse");
  });

  it("calls 0.5 % more a tie", () => {
    expect(compareRates(steady(100.5), steady(100)).verdict).toBe("tie");
  });

  it("is undecided when the interval straddles the margin", () => {
    expect(compareRates(steady(101.95), steady(100)).verdict).toBe("undecided");
    const noisy = [80, 90, 100, 110, 120, 130];
    expect(compareRates(noisy, steady(100)).verdict).toBe("undecided");
  });

  it("is undecided for 3 against 3, however far they lie apart", () => {
    expect(compareRates([200, 201, 202], [100, 101, 102])).toMatchObject({ verdict: "undecided", low: null });
  });

  it("turns the verdict but not the shift round where lower is better", () => {
    const seen = compareRates(steady(105), steady(100), { lowerIsBetter: true });
    expect(seen.verdict).toBe("worse");
    expect(seen.ratio).toBeCloseTo(1.05, 4);
    expect(seen.shift).toBeCloseTo(Math.log(1.05), 4);
  });

  it("takes another margin", () => {
    expect(compareRates(steady(104), steady(100), { margin: 0.05 }).verdict).toBe("tie");
    expect(() => compareRates([1], [1], { margin: 0 })).toThrow(RangeError);
  });

  it("answers the opposite when asked the other way round, in any unit", () => {
    const opposite = { better: "worse", worse: "better", tie: "tie", undecided: "undecided" } as const;
    // Steps of a thousandth: of two doubles that are neighbours, the logarithms may be equal in one unit and not in the other.
    const rate = fc.integer({ min: 90_000, max: 110_000 }).map((value) => value / 1000);
    const sample = fc.array(rate, { minLength: 4, maxLength: 8 });
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const { verdict } = compareRates(a, b);
        expect(compareRates(b, a).verdict).toBe(opposite[verdict]);
        const inOtherUnit = compareRates(
          a.map((value) => value * 1024),
          b.map((value) => value * 1024),
        );
        expect(inOtherUnit.verdict).toBe(verdict);
      }),
    );
  });

  it("calls equal configurations better or worse in fewer than 5 % of 2,000 draws", () => {
    const random = seededRandom("equal");
    const draw = () =>
      Array.from({ length: 6 }, () => 50 * Math.exp(0.03 * normalQuantile(random.next() + 1e-17)));
    let wrong = 0;
    for (let turn = 0; turn < 2000; turn += 1) {
      const { verdict } = compareRates(draw(), draw());
      if (verdict === "better" || verdict === "worse") wrong += 1;
    }
    expect(wrong / 2000).toBeLessThan(0.05);
    expect(wrong).toBeGreaterThan(0);
  });
});

describe("compareForTie", () => {
  const base: TieBreakFacts = {
    stabilityBound: 0.9,
    peakMemoryBytes: 1000,
    numCtx: 4096,
    nonDefaultOptions: 1,
    key: "b",
  };

  it.each<[string, Partial<TieBreakFacts>]>([
    ["the higher stability bound", { stabilityBound: 0.95, peakMemoryBytes: 2000, numCtx: 2048 }],
    ["then the lower peak memory", { peakMemoryBytes: 900, numCtx: 2048 }],
    ["then the larger num_ctx", { numCtx: 8192, nonDefaultOptions: 5 }],
    ["then fewer non-default options", { nonDefaultOptions: 0, key: "c" }],
    ["then the smaller key", { key: "a" }],
  ])("prefers %s", (_, change) => {
    const preferred = { ...base, ...change };
    expect(compareForTie(preferred, base)).toBeLessThan(0);
    expect(compareForTie(base, preferred)).toBeGreaterThan(0);
  });

  it("puts an unknown peak memory behind any known one, and two unknown ones level", () => {
    const unknown = { ...base, peakMemoryBytes: null };
    expect(compareForTie(base, unknown)).toBeLessThan(0);
    expect(compareForTie(unknown, { ...unknown })).toBe(0);
  });

  it("gives the same order from any starting order", () => {
    const facts = fc.record({
      stabilityBound: fc.constantFrom(0.5, 0.9),
      peakMemoryBytes: fc.constantFrom(null, 1, 2),
      numCtx: fc.constantFrom(4096, 8192),
      nonDefaultOptions: fc.constantFrom(0, 1),
      key: fc.string({ maxLength: 2 }),
    });
    const keyOf = (one: TieBreakFacts) => JSON.stringify(one);
    fc.assert(
      fc.property(fc.uniqueArray(facts, { selector: keyOf, maxLength: 12 }), (all) => {
        const sorted = [...all].sort(compareForTie);
        expect([...all].reverse().sort(compareForTie)).toEqual(sorted);
      }),
    );
  });
});
