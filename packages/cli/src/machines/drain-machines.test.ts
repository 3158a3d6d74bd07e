import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { MachineSchema } from "@ozone/proto/machine";
import { describe, expect, it } from "vitest";
import { drainingOf } from "./drain-machines.ts";

const standing = (machine: MessageInitShape<typeof MachineSchema>) => {
  const made = create(MachineSchema, machine);
  return drainingOf({ ...made, status: made.status || "online" });
};

describe("a machine that is drained", () => {
  it("has no trial under lease and says itself that it is paused, or is away", () => {
    expect(standing({ activity: "paused" }).drained).toBe(true);
    expect(standing({ status: "offline" }).drained).toBe(true);
  });

  it("is not yet one that works, has not heard, or is away with a lease", () => {
    expect(standing({ trialId: "t-1", activity: "sample 2 of 5" })).toEqual({
      drained: false,
      words: "ends the trial in hand: sample 2 of 5",
    });
    const inUse = { trialId: "t-1", activity: "waits: in use", waits: [{ kind: "in_use" }] };
    expect(standing(inUse).words).toBe("is in use; its trial goes back in a moment");
    expect(standing({ activity: "idle" }).drained).toBe(false);
    expect(standing({ activity: "applying fast: loading" }).drained).toBe(false);
    expect(standing({ status: "offline", trialId: "t-1" }).drained).toBe(false);
  });
});
