import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binomialCdf } from "./binomial.ts";
import { pooledSuccess } from "./pooled-success.ts";
import { describeStability, runsNeeded, stabilityGrade, successLowerBound } from "./success-bound.ts";

const record = fc
  .integer({ min: 1, max: 400 })
  .chain((n) => fc.integer({ min: 0, max: n }).map((successes) => ({ n, successes })));

describe("successLowerBound", () => {
  // reference/statistics.md 1.6, "what few runs prove".
  it.each([
    [3, 0.37],
    [5, 0.55],
    [10, 0.74],
    [20, 0.86],
    [30, 0.905],
    [60, 0.951],
  ])("of %d clean runs is %d", (n, bound) => {
    expect(successLowerBound(n, n)).toBeCloseTo(bound, 2);
    expect(successLowerBound(n, n)).toBeCloseTo(0.05 ** (1 / n), 14);
  });

  // Computed with mpmath at 40 digits.
  it.each([
    [9, 10, 0.6058366975634952],
    [92, 93, 0.9500060216120116],
    [1, 3, 0.0169524275084415],
    [45, 46, 0.900975683180102],
    [627, 628, 0.992468554892605],
  ])("of %d in %d agrees with 40 digits", (successes, n, bound) => {
    expect(successLowerBound(successes, n)).toBeCloseTo(bound, 12);
  });

  it("is 0 without a success", () => {
    expect(successLowerBound(0, 7)).toBe(0);
  });

  it("is the rate at which so many successes or more have a chance of 5 %", () => {
    fc.assert(
      fc.property(record, ({ n, successes }) => {
        fc.pre(successes > 0);
        const bound = successLowerBound(successes, n);
        // P(X >= s) = 1 - P(X <= s - 1); counted as failures to keep the digits.
        expect(binomialCdf(n - successes, { n, p: 1 - bound })).toBeCloseTo(0.05, 9);
      }),
    );
  });

  it("stays below the observed rate, falls with a failure and rises with a success", () => {
    fc.assert(
      fc.property(record, ({ n, successes }) => {
        const bound = successLowerBound(successes, n);
        if (successes > 0) expect(bound).toBeLessThan(successes / n);
        expect(successLowerBound(successes, n + 1)).toBeLessThanOrEqual(bound);
        expect(successLowerBound(successes + 1, n + 1)).toBeGreaterThan(bound);
      }),
    );
  });

  it("refuses impossible records", () => {
    expect(() => successLowerBound(6, 5)).toThrow("6 successes in 5 runs can't be: check what was counted.");
    expect(() => successLowerBound(0, 0)).toThrow(RangeError);
    expect(() => successLowerBound(1.5, 2)).toThrow(RangeError);
  });
});

describe("runsNeeded", () => {
  // reference/statistics.md 1.6, columns "exact, 95 % one-sided" and "Clopper-Pearson two-sided".
  it.each([
    [0.5, 5, 6],
    [0.8, 14, 17],
    [0.9, 29, 36],
    [0.95, 59, 72],
    [0.98, 149, 183],
    [0.99, 299, 368],
    [0.999, 2995, 3688],
  ])("to prove %d is %d clean runs one-sided and %d two-sided", (target, oneSided, twoSided) => {
    expect(runsNeeded(target)).toBe(oneSided);
    expect(runsNeeded(target, 0, 0.975)).toBe(twoSided);
  });

  // reference/statistics.md 1.6, "with failures".
  it.each([
    [0.95, [93, 124, 153]],
    [0.9, [46, 61, 76]],
    [0.99, [473, 628, 773]],
  ])("to prove %d with 1, 2 and 3 failures is %j", (target, runs) => {
    expect([1, 2, 3].map((failures) => runsNeeded(target, failures))).toEqual(runs);
  });

  it("is the first number of runs whose bound reaches the target", () => {
    const target = fc.double({ min: 0.05, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(target, fc.integer({ min: 0, max: 5 }), (rate, failures) => {
        const n = runsNeeded(rate, failures);
        expect(successLowerBound(n - failures, n)).toBeGreaterThanOrEqual(rate - 1e-9);
        if (n > failures + 1) expect(successLowerBound(n - 1 - failures, n - 1)).toBeLessThan(rate + 1e-9);
      }),
      { numRuns: 50 },
    );
  });
});

describe("stabilityGrade", () => {
  it.each([
    [4, "preliminary", 0, 1],
    [5, "preliminary", 50, 9],
    [13, "preliminary", 50, 1],
    [14, "at least 80 %", 80, 15],
    [28, "at least 80 %", 80, 1],
    [29, "at least 90 %", 90, 30],
    [58, "at least 90 %", 90, 1],
    [59, "at least 95 %", 95, 240],
    [298, "at least 95 %", 95, 1],
    [299, "at least 99 %", 99, null],
  ])(
    "of %d clean runs is %s (%d percent proven), %j clean runs from the next step",
    (n, grade, percent, more) => {
      expect(stabilityGrade(n, n)).toMatchObject({
        grade,
        provenPercent: percent,
        cleanRunsToNextStep: more,
        production: n >= 59,
      });
    },
  );

  it("needs 93 runs for production after one failure", () => {
    expect(stabilityGrade(91, 92).production).toBe(false);
    expect(stabilityGrade(92, 93)).toMatchObject({ grade: "at least 95 %", production: true });
  });

  it("is unproven, not preliminary, where many runs failed", () => {
    expect(stabilityGrade(15, 20)).toMatchObject({ grade: "unproven", production: false });
  });
});

describe("describeStability", () => {
  it.each([
    [5, 5, "5/5, at least 55 % (95 % conf.)"],
    [3, 3, "3/3, at least 37 % (95 % conf.)"],
    [10, 10, "10/10, at least 74 % (95 % conf.)"],
    [30, 30, "30/30, at least 90.5 % (95 % conf.)"],
    [60, 60, "60/60, at least 95.1 % (95 % conf.)"],
    [9, 10, "9/10, at least 61 % (95 % conf.)"],
    [0, 4, "0/4, at least 0 % (95 % conf.)"],
  ])("of %d in %d says %s", (successes, n, text) => {
    expect(describeStability(successes, n)).toBe(text);
  });

  it("does not round up to a step that was not proven", () => {
    expect(describeStability(58, 58)).toBe("58/58, at least 94.9 % (95 % conf.)");
    expect(describeStability(28, 28)).toBe("28/28, at least 89 % (95 % conf.)");
    expect(describeStability(298, 298)).toBe("298/298, at least 98.9 % (95 % conf.)");
  });

  it("never says 100 %, even after a million clean runs", () => {
    expect(describeStability(1e6, 1e6)).toBe("1000000/1000000, at least 99.9 % (95 % conf.)");
  });

  it("prints a bound that is within half a unit of the true one and never crosses a step", () => {
    fc.assert(
      fc.property(record, ({ n, successes }) => {
        const printed = Number(/at least ([\d.]+) %/.exec(describeStability(successes, n))?.[1]) / 100;
        const { bound } = stabilityGrade(successes, n);
        expect(Math.abs(printed - bound)).toBeLessThanOrEqual(0.01);
        for (const grade of [0.5, 0.8, 0.9, 0.95, 0.99]) expect(printed >= grade - 1e-9).toBe(bound >= grade);
      }),
    );
  });
});

describe("pooledSuccess", () => {
  it("headlines the machines when their runs would prove too much", () => {
    const seen = pooledSuccess([
      { successes: 20, n: 20 },
      { successes: 20, n: 20 },
      { successes: 20, n: 20 },
    ]);
    expect(seen.runsBound).toBeCloseTo(0.05 ** (1 / 60), 12);
    expect(seen.machinesBound).toBeCloseTo(0.05 ** (1 / 3), 12);
    expect(seen.headline).toBe(seen.machinesBound);
  });

  it("does not count a machine with a failure", () => {
    const seen = pooledSuccess([
      { successes: 5, n: 5 },
      { successes: 4, n: 5 },
    ]);
    expect(seen.machinesBound).toBeCloseTo(successLowerBound(1, 2), 12);
    expect(() => pooledSuccess([])).toThrow(RangeError);
  });
});
