import { describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.ts";
import { EXTREME_RULE, sequentialTest } from "./sequential-test.ts";

const clean = (n: number): boolean[] => new Array<boolean>(n).fill(true);

describe("sequentialTest", () => {
  it("accepts after 31 clean runs, not after 30", () => {
    expect(sequentialTest(clean(30))).toMatchObject({ decision: "continue", cleanRunsToAccept: 1 });
    expect(sequentialTest(clean(31))).toMatchObject({
      decision: "accept",
      runsUsed: 31,
      cleanRunsToAccept: 0,
    });
  });

  it("rejects after two early failures", () => {
    expect(sequentialTest([false])).toMatchObject({ decision: "continue" });
    expect(sequentialTest([false, false, true])).toMatchObject({ decision: "reject", runsUsed: 2 });
  });

  it("moves by .0953 per success and -2.303 per failure", () => {
    expect(sequentialTest([true]).logLikelihoodRatio).toBeCloseTo(0.0953, 4);
    expect(sequentialTest([false]).logLikelihoodRatio).toBeCloseTo(-Math.LN10, 12);
  });

  it("asks for 31 clean runs at the start", () => {
    expect(sequentialTest([])).toEqual({
      decision: "continue",
      logLikelihoodRatio: 0,
      runsUsed: 0,
      cleanRunsToAccept: 31,
    });
  });

  it("looks at nothing after the decision", () => {
    expect(sequentialTest([...clean(31), false, false, false]).decision).toBe("accept");
  });

  it.each([
    ["passes", 0.9, "accept"],
    ["refuses", 0.99, "reject"],
  ] as const)("wrongly %s a rate of %d in hardly more than 100 of 2,000 series", (_, rate, wrong) => {
    const random = seededRandom(`sequential ${rate}`);
    let errors = 0;
    for (let series = 0; series < 2000; series += 1) {
      const outcomes = Array.from({ length: 600 }, () => random.next() < rate);
      if (sequentialTest(outcomes).decision === wrong) errors += 1;
    }
    expect(errors / 2000).toBeLessThan(0.065);
  });

  it("refuses rates that are not in order", () => {
    expect(() => sequentialTest([], { ...EXTREME_RULE, good: 0.9 })).toThrow(RangeError);
    expect(() => sequentialTest([], { ...EXTREME_RULE, good: 1 })).toThrow(RangeError);
  });
});
