// What samples are worth for a purpose.
import { OBJECTIVES } from "@ozone/shared/objective";
import { describe, expect, it } from "vitest";
import { promisesSpeed, worthOf } from "./worth.ts";

const quick = { decodeTokensPerSecond: 64, ttftMs: 1000 };
const slow = { decodeTokensPerSecond: 32, ttftMs: 3000 };

describe("the worth of a sample", () => {
  it("is of fast_response how many such answers fit into a second", () => {
    expect(worthOf("fast_response", 4096, quick)).toBeCloseTo(0.5, 12);
    expect(worthOf("fast_response", 4096, slow)).toBeCloseTo(0.2, 12);
  });

  it("orders samples as the purpose's own score does", () => {
    for (const { purpose, score } of OBJECTIVES.filter((one) => promisesSpeed(one.purpose))) {
      const [more, less] = [worthOf(purpose, 4096, quick), worthOf(purpose, 8192, slow)];
      const scores = [score({ numCtx: 4096, ...quick }), score({ numCtx: 8192, ...slow })];
      expect(Math.sign((more ?? 0) - (less ?? 0)), purpose).toBe(
        Math.sign((scores[0] ?? 0) - (scores[1] ?? 0)),
      );
    }
  });

  it("is unknown for a sample that lacks a figure", () => {
    expect(worthOf("balanced", 4096, { decodeTokensPerSecond: 64 })).toBeNull();
    expect(worthOf("balanced", 4096, { ...quick, ttftMs: 0 })).toBeNull();
  });
});
