import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { restartDelayMs } from "./restart-delay.ts";

describe("the wait before a restart", () => {
  it("is none at first, never over 5 seconds, and never below half of its step", () => {
    expect(restartDelayMs(1, 0.9)).toBe(0);
    const failures = fc.integer({ min: 2, max: 2_000 });
    fc.assert(
      fc.property(failures, fc.double({ min: 0, max: 0.999, noNaN: true }), (count, random) => {
        const full = restartDelayMs(count, 0);
        const delay = restartDelayMs(count, random);
        expect(delay).toBeLessThanOrEqual(5_000);
        expect(delay).toBeGreaterThanOrEqual(full / 2 - 1);
        expect(restartDelayMs(count + 1, 0)).toBeGreaterThanOrEqual(full);
      }),
    );
  });
});
