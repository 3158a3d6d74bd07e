import { describe, expect, it } from "vitest";
import { type ForeignUse, isQuiet, waitUntilQuiet } from "./wait-until-quiet.ts";

/** Answers with the given loads one after the other, then for ever with the last. */
function loads(...values: ForeignUse[]): { measure: () => Promise<ForeignUse>; looks: () => number } {
  let looks = 0;
  return {
    measure: async () => values[Math.min(looks++, values.length - 1)] ?? { loadCores: null, gpuShare: null },
    looks: () => looks,
  };
}

const busy: ForeignUse = { loadCores: 0.5, gpuShare: null };
const idle: ForeignUse = { loadCores: 0.02, gpuShare: 0 };

describe("isQuiet", () => {
  it.each<[ForeignUse, boolean]>([
    [{ loadCores: 0.1, gpuShare: 0.05 }, true],
    [{ loadCores: 0.11, gpuShare: 0 }, false],
    [{ loadCores: 0, gpuShare: 0.06 }, false],
    [{ loadCores: null, gpuShare: null }, true],
  ])("%j: %s", (use, quiet) => {
    expect(isQuiet(use)).toBe(quiet);
  });
});

describe("waitUntilQuiet", () => {
  it("waits through busy intervals and ends with the first quiet one", async () => {
    const { measure, looks } = loads(busy, busy, idle);
    const outcome = await waitUntilQuiet({ limitMs: 60_000, intervalMs: 10, measure });
    expect(outcome).toMatchObject({ quiet: true, foreignLoadCores: 0.02, foreignGpuShare: 0 });
    expect(looks()).toBe(3);
  });

  it("gives up at the limit and says how busy it still was", async () => {
    const { measure, looks } = loads(busy);
    const outcome = await waitUntilQuiet({ limitMs: 0, measure });
    expect(outcome).toMatchObject({ quiet: false, foreignLoadCores: 0.5 });
    expect(looks()).toBe(1);
  });

  it("ends with the reason of its signal", async () => {
    const stop = new AbortController();
    const measure = async () => {
      stop.abort(new Error("drained"));
      return busy;
    };
    await expect(
      waitUntilQuiet({ limitMs: 60_000, intervalMs: 1, signal: stop.signal, measure }),
    ).rejects.toThrow("drained");
  });
});
