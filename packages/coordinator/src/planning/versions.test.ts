// Machines whose agents are of other releases: who is asked, and for what.
import { create } from "@bufbuild/protobuf";
import { SweepRequestSchema } from "@ozone/proto/sweep";
import { PROTOCOL_VERSION } from "@ozone/shared/protocol-version";
import { describe, expect, it } from "vitest";
import type { MachineRow } from "../store/machines.ts";
import { madeAnnouncement } from "../testing/made-sweep.ts";
import { chooseTargets } from "./choose-targets.ts";
import { completeRequest } from "./complete-request.ts";
import { fitToTarget } from "./fit-to-target.ts";

const machine = (id: string, protocolVersion: number): MachineRow => ({
  id,
  announcement: Object.assign(madeAnnouncement(id), { protocolVersion, agentVersion: "9.9.9" }),
  activity: "idle",
  lastSeenAt: new Date(0),
  silentMs: 0,
  tags: [],
});
const ahead = machine("m-ahead", PROTOCOL_VERSION + 1);
const far = machine("m-far", PROTOCOL_VERSION + 2);
const old = machine("m-old", 0);
const now = machine("m-now", PROTOCOL_VERSION);

const targets = (machines: readonly MachineRow[], asked: Parameters<typeof create>[1] = {}) =>
  chooseTargets(completeRequest(create(SweepRequestSchema, asked)), machines).map(
    ({ machineId }) => machineId,
  );

describe("a sweep over machines of several releases", () => {
  it("asks those that are at most a release away, and leaves the others out", () => {
    expect(targets([ahead, far, old, now])).toEqual(["m-ahead", "m-old", "m-now"]);
  });

  it("is refused where the only machine, or one that was named, is too far away, with its version", () => {
    const words =
      /^lab-m-far runs agent 9\.9\.9 \(protocol 4\), .*it gets no orders; upgrade the coordinator first/;
    expect(() => targets([far])).toThrow(words);
    expect(() => targets([now, far], { machines: ["lab-m-far"] })).toThrow(words);
    expect(targets([now, far], { machines: ["lab-m-now"] })).toEqual(["m-now"]);
  });
});

describe("shared fills, which an agent of 0.1.0 would leave out in silence", () => {
  const asked = { matrix: { numPredict: [16, 64] }, protocol: { shareFill: true } };

  it("are refused where such an agent is asked, and go to all others", () => {
    expect(() => targets([now, old], asked)).toThrow(
      "lab-m-old runs agent 9.9.9 (protocol 1), which does not know shared fills (protocol 2 on); upgrade the agent there (docs/upgrading.md). Or switch share_fill off.",
    );
    expect(targets([now, ahead], asked)).toEqual(["m-now", "m-ahead"]);
  });

  it("are left out there, with a note, where misfits are", () => {
    const request = completeRequest(create(SweepRequestSchema, { ...asked, leaveOutMisfits: true }));
    expect(chooseTargets(request, [now, old])).toHaveLength(2);
    const shareFill = ({ announcement }: MachineRow) => fitToTarget(request, announcement, "sha256:abc");
    expect(shareFill(now)).toMatchObject({ protocol: { shareFill: true }, notes: [] });
    expect(shareFill(old).protocol.shareFill).toBe(false);
    expect(shareFill(old).notes.join()).toContain(
      "share_fill left out: lab-m-old runs agent 9.9.9 (protocol 1)",
    );
  });
});
