import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitPrefill, type PrefillPoint, predictPrefillSeconds, tokensFilledWithin } from "./quadratic-fit.ts";
import { theilSen } from "./theil-sen.ts";

const on = (linear: number, quadratic: number, lengths: readonly number[]): PrefillPoint[] =>
  lengths.map((tokens) => ({ tokens, seconds: linear * tokens + quadratic * tokens * tokens }));

describe("fitPrefill", () => {
  it("finds the curve that the points lie on", () => {
    const coefficient = fc.double({ min: 1e-6, max: 1e-2, noNaN: true });
    fc.assert(
      fc.property(coefficient, fc.double({ min: 1e-10, max: 1e-6, noNaN: true }), (linear, quadratic) => {
        const fit = fitPrefill(on(linear, quadratic, [512, 2048, 8192, 30_000]));
        expect(predictPrefillSeconds(fit, 131_072)).toBeCloseTo(
          linear * 131_072 + quadratic * 131_072 ** 2,
          4,
        );
        expect(fit.assumption).toBeNull();
      }),
    );
  });

  it("predicts a measured 29,491-token prefill within 5 % from the two shorter ones", () => {
    // Measured on llama.cpp, 2 layers x 256, flash attention off, one thread: 1,843 tokens 0.291 s, 7,372 tokens
    // 3.001 s, 29,491 tokens 39.968 s.
    const fit = fitPrefill([
      { tokens: 1843, seconds: 0.291 },
      { tokens: 7372, seconds: 3.001 },
    ]);
    const predicted = predictPrefillSeconds(fit, 29_491);
    expect(Math.abs(predicted / 39.968 - 1)).toBeLessThan(0.05);
  });

  it("takes a straight line through a single point, and says so", () => {
    const fit = fitPrefill([{ tokens: 1000, seconds: 2 }]);
    expect(fit).toMatchObject({ linear: 0.002, quadratic: 0, lengths: 1 });
    expect(fit.assumption).toContain("only one prompt length");
  });

  it("does not read a curve out of the noise of nearly equal lengths", () => {
    const fit = fitPrefill([
      { tokens: 1000, seconds: 2 },
      { tokens: 1001, seconds: 2.1 },
    ]);
    expect(fit.quadratic).toBe(0);
    expect(fit.assumption).not.toBeNull();
  });

  it("never has a negative term, whatever the noise, and fits no worse than either term alone", () => {
    const point = fc.record({
      tokens: fc.integer({ min: 1, max: 1_000_000 }),
      seconds: fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
    });
    const loss = (points: readonly PrefillPoint[], linear: number, quadratic: number) =>
      points.reduce(
        (sum, { tokens: n, seconds }) => sum + (1 - (linear * n + quadratic * n * n) / seconds) ** 2,
        0,
      );
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 12 }), (points) => {
        const { linear, quadratic } = fitPrefill(points);
        expect(linear).toBeGreaterThanOrEqual(0);
        expect(quadratic).toBeGreaterThanOrEqual(0);
        expect(linear + quadratic).toBeGreaterThan(0);
        const best = loss(points, linear, quadratic) - 1e-6;
        expect(best).toBeLessThanOrEqual(loss(points, linear * 1.01, quadratic));
        expect(best).toBeLessThanOrEqual(loss(points, linear * 0.99, quadratic));
      }),
    );
  });

  it("uses the square alone where time grows faster than the square", () => {
    expect(
      fitPrefill([
        { tokens: 100, seconds: 1 },
        { tokens: 1000, seconds: 1000 },
      ]),
    ).toMatchObject({ linear: 0 });
  });

  it("uses the line alone where time grows more slowly than the length", () => {
    expect(
      fitPrefill([
        { tokens: 100, seconds: 1 },
        { tokens: 1000, seconds: 5 },
      ]),
    ).toMatchObject({ quadratic: 0 });
  });

  it("finds the longest prompt that fits into a time", () => {
    const fit = fitPrefill(on(1e-4, 1e-8, [1000, 10_000]));
    const tokens = tokensFilledWithin(fit, 10);
    expect(predictPrefillSeconds(fit, tokens)).toBeLessThanOrEqual(10 + 1e-9);
    expect(predictPrefillSeconds(fit, tokens + 1)).toBeGreaterThan(10);
    expect(tokensFilledWithin(fitPrefill([{ tokens: 1000, seconds: 2 }]), 10)).toBe(5000);
  });

  it("refuses no points, and points that are not above zero", () => {
    expect(() => fitPrefill([])).toThrow(RangeError);
    expect(() => fitPrefill([{ tokens: 0, seconds: 1 }])).toThrow(RangeError);
    expect(() => predictPrefillSeconds(fitPrefill([{ tokens: 1, seconds: 1 }]), Number.NaN)).toThrow(
      RangeError,
    );
  });
});

describe("theilSen", () => {
  it("finds the line through points of which one is far off", () => {
    const points = [1, 2, 3, 4, 5, 6, 7].map((x) => ({ x, y: 3 + 2 * x }));
    const line = theilSen([...points, { x: 8, y: 1000 }]);
    expect(line.slope).toBeCloseTo(2, 12);
    expect(line.intercept).toBeCloseTo(3, 12);
  });

  it("does not depend on the order of the points", () => {
    const point = fc.record({ x: fc.integer({ min: 0, max: 50 }), y: fc.integer({ min: -50, max: 50 }) });
    fc.assert(
      fc.property(fc.array(point, { minLength: 2, maxLength: 15 }), (points) => {
        fc.pre(new Set(points.map(({ x }) => x)).size > 1);
        expect(theilSen([...points].reverse()).slope).toBeCloseTo(theilSen(points).slope, 12);
      }),
    );
  });

  it("refuses points without any difference in x", () => {
    expect(() =>
      theilSen([
        { x: 1, y: 1 },
        { x: 1, y: 2 },
      ]),
    ).toThrow("theilSen: all points have the same x");
    expect(() => theilSen([{ x: 1, y: 1 }])).toThrow(RangeError);
  });
});
