import { PROTOCOL_VERSION } from "@ozone/shared/protocol-version";
import { describe, expect, it } from "vitest";
import type { MachineRow } from "../store/machines.ts";
import { madeAnnouncement } from "../testing/made-sweep.ts";
import { whoWorks } from "./who-works.ts";

const machine = (id: string, change: Partial<MachineRow> = {}): MachineRow => ({
  id,
  announcement: madeAnnouncement(id),
  activity: "idle",
  lastSeenAt: new Date(0),
  silentMs: 0,
  tags: [],
  ...change,
});

describe("who is given orders", () => {
  it("is whoever is heard, not paused, near in version, not in use and within its hours; who is in use keeps what it has", () => {
    const noon = new Date("2026-11-26T12:00:00Z");
    const old = { ...madeAnnouncement("m-old"), protocolVersion: PROTOCOL_VERSION + 5 };
    const online = [
      machine("m-free", { waits: null }),
      machine("m-used", { waits: { kind: "in_use", detail: "keyboard" } }),
      machine("m-night", { hours: { allow: ["19:00-07:00"], timeZone: "UTC", at: noon } }),
      machine("m-day", { hours: { allow: ["07:00-19:00"], timeZone: "UTC", at: noon } }),
      machine("m-paused", { paused: true }),
      machine("m-old", { announcement: old }),
    ];
    expect(whoWorks(online)).toEqual({
      heard: ["m-free", "m-used", "m-night", "m-day"],
      waiting: new Set(["m-used"]),
      outside: new Set(["m-night"]),
      free: ["m-free", "m-day"],
    });
  });
});
