import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { samplesForPercentile, supportedPercentile, supportsPercentile } from "./percentile-support.ts";
import { warmUp } from "./warm-up.ts";

describe("percentile support", () => {
  it.each([
    [0.5, 10],
    [0.9, 50],
    [0.95, 100],
    [0.99, 500],
    [0.05, 100],
  ])("of p = %d begins at %d samples", (p, n) => {
    expect(samplesForPercentile(p)).toBe(n);
    expect(supportsPercentile(n, p)).toBe(true);
    expect(supportsPercentile(n - 1, p)).toBe(false);
  });

  it("gives no p95 of 99 values, and one of 100", () => {
    const values = Array.from({ length: 100 }, (_, i) => i);
    expect(supportedPercentile(values.slice(1), 0.95)).toBeNull();
    expect(supportedPercentile(values, 0.95)).toBeCloseTo(94.05, 9);
    expect(supportedPercentile([], 0.5)).toBeNull();
  });

  it("agrees with the number of samples it asks for", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), (permille) => {
        const p = permille / 1000;
        const n = samplesForPercentile(p);
        expect(supportsPercentile(n, p)).toBe(true);
        expect(supportsPercentile(n - 1, p)).toBe(false);
      }),
    );
  });

  it("refuses what is no count or no probability", () => {
    expect(() => supportsPercentile(-1, 0.5)).toThrow(RangeError);
    expect(() => supportsPercentile(10, 1)).toThrow(RangeError);
  });
});

describe("warmUp", () => {
  it("asks for at least two requests", () => {
    expect(warmUp([])).toBe("more");
    expect(warmUp([50])).toBe("more");
  });

  it("ends when the last two rates agree within 2 %, whatever came before", () => {
    expect(warmUp([50, 50.9])).toBe("agreed");
    expect(warmUp([50, 51.1])).toBe("more");
    expect(warmUp([20, 50, 49.5])).toBe("agreed");
    expect(warmUp([50, 50.1, 60])).toBe("more");
  });

  it("ends after four at the latest, and says so", () => {
    expect(warmUp([20, 30, 40, 50])).toBe("cap");
    expect(warmUp([20, 30, 50, 50.5])).toBe("agreed");
  });

  it("refuses a rate that is not above zero", () => {
    expect(() => warmUp([50, 0])).toThrow(RangeError);
  });
});
