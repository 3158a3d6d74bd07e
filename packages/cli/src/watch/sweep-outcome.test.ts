import { SweepState } from "@ozone/proto/sweep";
import { describe, expect, it } from "vitest";
import { sweep } from "../../test/fake-coordinator.ts";
import { sweepProblem } from "./sweep-outcome.ts";

describe("sweepProblem()", () => {
  it("is nothing for a sweep that measured something", () => {
    const done = sweep({ state: SweepState.DONE, trialsDone: 1, trialsFailed: 4 });
    expect(sweepProblem({ sweep: done, usableSamples: 1 })).toBeNull();
  });

  it("gives the reason when it failed, was cancelled, or measured nothing that counts", () => {
    const failed = sweep({ state: SweepState.FAILED, notes: ["A.", "B."] });
    expect(sweepProblem({ sweep: failed, usableSamples: 0 })?.message).toBe(
      "Sweep s-0123456789 failed: A; B; see `ozone sweep show s-0123456789`.",
    );
    const cancelled = sweep({ state: SweepState.CANCELLED });
    expect(sweepProblem({ sweep: cancelled, usableSamples: 9 })?.code).toBe("cancelled");
    const busy = sweep({ state: SweepState.DONE, trialsDone: 3, notes: ["No valid sample."] });
    expect(sweepProblem({ sweep: busy, usableSamples: 0 })?.message).toContain(
      "measured nothing that counts: No valid sample; see",
    );
  });
});
