import { create } from "@bufbuild/protobuf";
import { SweepRequestSchema } from "@ozone/proto/sweep";
import { describe, expect, it } from "vitest";
import type { GroupPresence } from "../store/group-state.ts";
import type { MachineRow } from "../store/machines.ts";
import type { SweepRow, TargetRow } from "../store/sweeps.ts";
import { madeAnnouncement } from "../testing/made-sweep.ts";
import { presenceOf } from "./member-presence.ts";

const PRESENCE: GroupPresence = { leaseMs: 30_000, listeningMs: 600_000, occupied: new Set() };

const AT = new Date(0);
const sweep: SweepRow = {
  ...{ id: "s-1", name: "test", request: create(SweepRequestSchema), state: "running" },
  ...{ createdAt: AT, finishedAt: null },
};
const target: TargetRow = {
  ...{ id: 1, sweepId: "s-1", machineId: "m-1", modelName: "ozone-synthetic:4m", modelDigest: "sha256:abc" },
  ...{ finished: false, notes: [], shareGroup: "a class", oddSince: null },
};
const machine: MachineRow = {
  ...{ id: "m-1", announcement: madeAnnouncement("m-1"), activity: "idle" },
  ...{ lastSeenAt: AT, silentMs: 0, tags: [] },
};

function because(change: Partial<MachineRow>, presence: Partial<GroupPresence> = {}): string {
  const member = { target, machine: { ...machine, ...change } };
  const where = presenceOf(member, sweep, { ...PRESENCE, ...presence });
  return where.kind === "gone" ? where.because : where.kind;
}

describe("a machine of a shared search", () => {
  it("is gone, so that others measure what it has not begun, while it is for its user or has no time left", () => {
    const used = { kind: "in_use", detail: "keyboard" };
    expect(because({ waits: used })).toBe("it is for its user now");
    expect(because({}, { withoutTime: new Set(["m-1"]) })).toBe("its budget of time is used up");
    const hours = { allow: ["Mon 08:00-09:00"], timeZone: "UTC", at: AT };
    expect(because({ hours })).toBe("it is outside its hours");
    expect(because({ hours: { ...hours, allow: ["00:00-24:00"] } })).not.toMatch(/hours/);
    expect(because({ silentMs: 45_000, waits: used })).toBe("silent");
    expect(because({ waits: null }, { withoutTime: new Set(["m-other"]) })).not.toMatch(/user|budget/);
  });
});
