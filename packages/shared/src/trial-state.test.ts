import { describe, expect, it } from "vitest";
import { isTrialEnded, nextTrialState, type TrialEvent, type TrialStateName } from "./trial-state.ts";

const EVENTS: TrialEvent[] = ["dispatched", "result", "gave_up", "retry", "lease_expired", "cancelled"];

describe("the life of a trial", () => {
  it("goes from planned over running to done", () => {
    expect(nextTrialState("planned", "dispatched")).toBe("running");
    expect(nextTrialState("running", "result")).toBe("done");
  });

  it("goes back to planned when a lease runs out", () => {
    expect(nextTrialState("running", "lease_expired")).toBe("planned");
  });

  it.each<TrialStateName>(["done", "failed", "cancelled"])("ends for good in %s", (state) => {
    expect(isTrialEnded(state)).toBe(true);
    for (const event of EVENTS) expect(nextTrialState(state, event)).toBeNull();
  });

  it("can be cancelled as long as it has not ended", () => {
    expect(nextTrialState("planned", "cancelled")).toBe("cancelled");
    expect(nextTrialState("running", "cancelled")).toBe("cancelled");
  });
});
