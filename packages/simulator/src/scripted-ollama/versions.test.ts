// The boundaries between releases lie where the source of Ollama has them.
import { describe, expect, it } from "vitest";
import type { Behaviours } from "./versions.ts";
import { behavioursOf, compareVersions } from "./versions.ts";

describe("compareVersions", () => {
  it("compares numbers and not text, and ignores what follows them", () => {
    expect(compareVersions("0.30.10", "0.30.9")).toBeGreaterThan(0);
    expect(compareVersions("0.9.6", "0.12.6")).toBeLessThan(0);
    expect(compareVersions("v0.33.0-rc2", "0.33.0")).toBe(0);
    expect(compareVersions("1.0", "1.0.0")).toBe(0);
  });
});

describe("behavioursOf", () => {
  const boundaries: [keyof Behaviours, string, unknown, string, unknown][] = [
    ["knowsTruncate", "0.12.5", false, "0.12.6", true],
    ["promptDurationIsLastBatch", "0.12.6", true, "0.12.7", false],
    ["cutsContextBeforeComparing", "0.24.0", false, "0.30.0", true],
    ["psShowsAllocatedContext", "0.15.4", false, "0.15.5", true],
    ["contextFollowsVram", "0.15.4", false, "0.15.5", true],
    ["engine", "0.24.0", "llama runner", "0.30.0", "llama-server"],
    ["truncation", "0.24.0", "num_ctx", "0.30.0", "num_ctx_minus_one"],
    ["truncation", "0.30.10", "num_ctx_minus_one", "0.30.11", "half"],
    ["promptCountExcludesCached", "0.30.0", true, "0.30.1", false],
    ["promptCountExcludesCached", "0.24.0", false, "0.30.0", true],
    ["cacheNeedsShift", "0.30.7", true, "0.30.8", false],
    ["defaultShiftBelowNumCtx", "0.30.8", 8192, "0.30.9", Number.POSITIVE_INFINITY],
    ["refusesTruncateWithoutShift", "0.30.8", false, "0.30.9", true],
    ["quantisedKvWithoutFlash", "0.24.0", "falls_back", "0.30.0", "load_fails"],
  ];
  it.each(boundaries)("%s changes from %s to %s", (key, before, old, after, young) => {
    expect([behavioursOf(before)[key], behavioursOf(after)[key]]).toEqual([old, young]);
  });
});
