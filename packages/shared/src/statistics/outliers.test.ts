import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flagOutliers } from "./outliers.ts";

describe("flagOutliers", () => {
  it("returns one flag per value, in order, and deletes nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        expect(flagOutliers(values).map(({ value }) => value)).toEqual(values);
      }),
    );
  });

  it("flags beyond 3.5 and calls it severe beyond 10 scaled MADs", () => {
    // Median 100, MAD 1, scale 1.4826.
    const levels = (last: number) => flagOutliers([98, 99, 99.5, 100, 100.5, 101, last]).at(-1)?.level;
    expect(flagOutliers([98, 99, 99.5, 100, 100.5, 101, 102]).at(-1)?.distance).toBeCloseTo(2 / 1.4826, 6);
    expect(levels(105.1)).toBe("ordinary");
    expect(levels(105.3)).toBe("outlier");
    expect(levels(114.7)).toBe("outlier");
    expect(levels(115)).toBe("severe");
  });

  it("ignores deviations below about 0.7 % on a machine with hardly any noise", () => {
    const levels = (last: number) => flagOutliers([100, 100, 100, 100, last]).at(-1)?.level;
    expect(levels(100.7)).toBe("ordinary");
    expect(levels(101.1)).toBe("outlier");
    expect(levels(97)).toBe("severe");
  });

  it("does not depend on the unit", () => {
    const sample = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 3 });
    fc.assert(
      fc.property(sample, (values) => {
        const scaled = flagOutliers(values.map((value) => value * 1024));
        expect(scaled.map(({ level }) => level)).toEqual(flagOutliers(values).map(({ level }) => level));
      }),
    );
  });

  it("never flags half of the values or more", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1, max: 1e9, noNaN: true }), { minLength: 1 }), (values) => {
        const flagged = flagOutliers(values).filter(({ level }) => level !== "ordinary").length;
        expect(flagged).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it("calls anything but zero severe when most values are zero", () => {
    expect(flagOutliers([0, 0, 0, 1]).map(({ level }) => level)).toEqual([
      "ordinary",
      "ordinary",
      "ordinary",
      "severe",
    ]);
  });

  it("refuses an empty list", () => {
    expect(() => flagOutliers([])).toThrow(RangeError);
  });
});
