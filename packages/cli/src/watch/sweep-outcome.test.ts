import { SweepState } from "@ozone/proto/sweep";
import { describe, expect, it } from "vitest";
import { sweep } from "../../test/fake-coordinator.ts";
import { sweepProblem } from "./sweep-outcome.ts";

describe("sweepProblem()", () => {
  it("is nothing for a sweep that measured something", () => {
    expect(sweepProblem(sweep({ state: SweepState.DONE, trialsDone: 1, trialsFailed: 4 }))).toBeNull();
  });

  it("gives the reason when it failed, was cancelled, or measured nothing", () => {
    const failed = sweepProblem(sweep({ state: SweepState.FAILED, notes: ["A.", "B."] }));
    expect(failed?.message).toBe("Sweep s-0123456789 failed: A; B; see `ozone sweep show s-0123456789`.");
    expect(sweepProblem(sweep({ state: SweepState.CANCELLED }))?.code).toBe("cancelled");
    expect(sweepProblem(sweep({ state: SweepState.DONE, trialsFailed: 3 }))?.message).toContain(
      "no trial succeeded",
    );
  });
});
