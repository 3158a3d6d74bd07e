import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pairedEquivalence } from "./paired-equivalence.ts";

const ratios = [0.004, -0.006, 0.011, 0.002, -0.003, 0.007];

describe("pairedEquivalence", () => {
  it("agrees with the formulas of a one-sample t test worked out by hand", () => {
    // Mean 0.0025, squared deviations from it 0.0001975 together, 5 degrees of freedom, t(0.95, 5) = 2.015048372669157.
    const seen = pairedEquivalence(ratios);
    const error = Math.sqrt(0.0001975 / 5 / 6);
    expect(Math.log(seen.ratio)).toBeCloseTo(0.0025, 12);
    expect(Math.log(seen.ratioHigh)).toBeCloseTo(0.0025 + 2.015048372669157 * error, 10);
    expect(Math.log(seen.ratioLow)).toBeCloseTo(0.0025 - 2.015048372669157 * error, 10);
    expect(seen.equivalent).toBe(true);
  });

  it("is equivalent exactly when the 90 % interval of the ratio lies inside the margin", () => {
    const sample = fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(sample, (values) => {
        const { equivalent, ratioLow, ratioHigh } = pairedEquivalence(values);
        const near = Math.min(Math.abs(ratioLow - 1 / 1.02), Math.abs(ratioHigh - 1.02)) < 1e-9;
        if (!near) expect(equivalent).toBe(ratioLow > 1 / 1.02 && ratioHigh < 1.02);
      }),
    );
  });

  it("says the same when the sides change places", () => {
    const seen = pairedEquivalence(ratios);
    const turned = pairedEquivalence(ratios.map((ratio) => -ratio));
    expect(turned.p).toBeCloseTo(seen.p, 12);
    expect(turned.ratio * seen.ratio).toBeCloseTo(1, 12);
  });

  it("is certain about ratios without any spread, and refuses to judge a single one", () => {
    expect(pairedEquivalence([0, 0, 0])).toMatchObject({ equivalent: true, p: 0, ratio: 1 });
    expect(pairedEquivalence([0.1, 0.1])).toMatchObject({ equivalent: false, p: 1 });
    expect(() => pairedEquivalence([0])).toThrow(RangeError);
    expect(() => pairedEquivalence([0, Number.NaN])).toThrow(RangeError);
  });
});
