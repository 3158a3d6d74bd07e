import { create } from "@bufbuild/protobuf";
import { ApplyingOutcomeSchema } from "@ozone/proto/applying";
import { describe, expect, it } from "vitest";
import { afterApplying, afterTakingBack, type TargetBefore } from "./after-outcome.ts";

const said = (outcome: string) => create(ApplyingOutcomeSchema, { outcome, because: ["Seen.", "Twice."] });
const before = (change: Partial<TargetBefore> = {}): TargetBefore => ({
  state: "sent",
  rollout: "running",
  stopped: false,
  keepKept: false,
  ...change,
});

describe("an agent's word about its order", () => {
  it.each([
    ["kept", "kept"],
    ["rolled back", "rolled back"],
    ["not applied", "not applied"],
  ])("moves a machine that was sent to, when it is %s", (outcome, state) => {
    expect(afterApplying(before(), said(outcome))).toEqual({ state, because: "Seen. Twice." });
  });

  it("changes nothing when it was said before", () => {
    for (const state of ["kept", "rolled back", "taken back", "taking back"] as const) {
      expect(afterApplying(before({ state }), said("kept"))).toBeNull();
    }
    expect(afterTakingBack(before({ state: "taken back" }), said("rolled back"))).toBeNull();
  });

  it("counts when it comes late, and is owed the roll-back when the roll-out was stopped meanwhile", () => {
    const late = before({ state: "no answer" });
    expect(afterApplying(late, said("kept"))?.state).toBe("kept");
    const ended = { ...late, rollout: "rolled back", stopped: true } as const;
    expect(afterApplying(ended, said("kept"))?.state).toBe("still to take back");
    expect(afterApplying({ ...ended, rollout: "undone" }, said("kept"))?.state).toBe("still to take back");
    expect(afterApplying({ ...ended, keepKept: true }, said("kept"))?.state).toBe("kept");
    expect(afterApplying(ended, said("not applied"))?.state).toBe("not applied");
  });

  it("says whether the preset was taken back", () => {
    for (const state of ["taking back", "still to take back"] as const) {
      expect(afterTakingBack(before({ state }), said("rolled back"))?.state).toBe("taken back");
      expect(afterTakingBack(before({ state }), said("not rolled back"))?.state).toBe("not taken back");
    }
  });
});
