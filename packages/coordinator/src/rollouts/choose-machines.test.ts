// Who takes part in a roll-out, in which order, and who is there.
import { create } from "@bufbuild/protobuf";
import { type Announcement, EngineKind, EngineSchema } from "@ozone/proto/machine";
import { PresetSchema } from "@ozone/proto/preset";
import { type RolloutRequest, RolloutRequestSchema } from "@ozone/proto/rollout";
import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import type { MachineRow } from "../store/machines.ts";
import { madeAnnouncement } from "../testing/made-sweep.ts";
import { chooseMachines } from "./choose-machines.ts";
import { describeAway } from "./presence.ts";

const LEASE_MS = 30_000;
const MODEL = "ozone-synthetic:4m";
const engine = create(EngineSchema, { kind: EngineKind.REFERENCE, version: "0.1.0" });
const preset = create(PresetSchema, {
  hardwareClass: "test-class",
  modelName: MODEL,
  modelDigest: "abc",
  engine,
  purpose: "balanced",
  configuration: configuration({ numCtx: 1024, numThread: 1, numPredict: 16, numBatch: 256 }),
});

const machine = (name: string, change: Partial<Announcement> = {}, silentMs = 0): MachineRow => ({
  id: `m-${name}`,
  announcement: Object.assign(madeAnnouncement(`m-${name}`), { name, ...change }),
  activity: "",
  lastSeenAt: new Date(0),
  silentMs,
  tags: [],
});
type Asked = Partial<Omit<RolloutRequest, "$typeName" | "$unknown">>;
const choose = (machines: readonly MachineRow[], asked: Asked = {}) =>
  chooseMachines(create(RolloutRequestSchema, { preset, ...asked }), machines, LEASE_MS);
const names = (machines: readonly MachineRow[], asked: Asked = {}) =>
  choose(machines, asked).map(({ machineName }) => machineName);

const LAB = [
  machine("lab-b"),
  machine("lab-c"),
  machine("lab-a"),
  machine("other", { hardwareClass: "other" }),
];

describe("the machines of a roll-out", () => {
  it("are those of the preset's class, by their names, or the ones that are named; the canary goes first", () => {
    expect(names(LAB)).toEqual(["lab-a", "lab-b", "lab-c"]);
    expect(names(LAB.toReversed())).toEqual(["lab-a", "lab-b", "lab-c"]);
    expect(names(LAB, { machines: ["lab-c", "m-lab-b"] })).toEqual(["lab-b", "lab-c"]);
    expect(names(LAB, { canary: "lab-b" })).toEqual(["lab-b", "lab-a", "lab-c"]);
  });

  it.each<[string, Partial<Announcement>, RegExp]>([
    ["hardware", { hardwareClass: "other" }, /^Its hardware class is other/],
    ["an engine that fails", { engineProblem: "No Ollama answers." }, /^No Ollama answers\.$/],
    ["another engine", { engine: create(EngineSchema, { kind: EngineKind.OLLAMA }) }, /^Its engine is/],
    ["another version", { engine: { ...engine, version: "9" } }, /^Version 9 of the engine runs there/],
    ["an agent of 0.1.0", { protocolVersion: 0 }, /which does not know applying presets/],
    ["an agent two releases ahead", { protocolVersion: 4 }, /it gets no orders; upgrade the coordinator/],
    ["no such model", { models: [] }, /is not installed there\.$/],
  ])("leave out, with its reason, one with %s", (_what, change, because) => {
    const [chosen] = choose([machine("lab-a", change)], { machines: ["lab-a"] });
    expect(chosen).toMatchObject({ state: "left out", because: expect.stringMatching(because) });
  });

  it("are those that carry all of the tags, of whatever class; who can't take the preset is left out with its reason", () => {
    const [b, c, a, other] = LAB as [MachineRow, MachineRow, MachineRow, MachineRow];
    const lab = [
      { ...b, tags: ["gpu", "room-1"] },
      { ...c, tags: ["room-1"] },
      { ...a, tags: [] },
      { ...other, tags: ["gpu", "room-1"] },
    ];
    expect(names(lab, { tags: ["room-1"] })).toEqual(["lab-b", "lab-c", "other"]);
    expect(choose(lab, { tags: ["room-1"] }).map(({ state }) => state)).toEqual([
      "planned",
      "planned",
      "left out",
    ]);
    expect(choose(lab, { tags: ["gpu", "room-1"] })[1]?.because).toBe(
      "Its hardware class is other, and the preset is for test-class.",
    );
    expect(names(lab, { tags: ["gpu"], machines: ["lab-b"] })).toEqual(["lab-b"]);
    expect(() => choose(lab, { tags: ["gpu"], machines: ["lab-b", "lab-c"] })).toThrow(
      /^lab-c does not carry the tag "gpu"; name other machines or other tags/,
    );
    expect(() => choose(lab, { tags: ["room-9"] })).toThrow(
      /^No machine that is known carries the tag "room-9" \(tags there: gpu, room-1\)/,
    );
    expect(() => choose(lab, { tags: ["Room 1"] })).toThrow(
      /^A tag must be 1 to 40 of .*; "Room 1" is none\.$/,
    );
  });

  it("let another version through when the measurement is to decide, and no other model", () => {
    const newer = machine("lab-a", { engine: { ...engine, version: "9" } });
    expect(choose([newer], { despiteChanges: true })[0]?.state).toBe("planned");
    const changed = preset.modelDigest.replace("abc", "def");
    const asked = { preset: { ...preset, modelDigest: changed }, despiteChanges: true };
    expect(choose([newer], asked)[0]).toMatchObject({
      state: "left out",
      because: `${MODEL} has the digest abc there, and the preset is for def.`,
    });
  });

  it("say of one that is away that it may still come", () => {
    const [chosen] = choose([machine("lab-a", {}, 90_000)]);
    expect(chosen).toMatchObject({
      state: "planned",
      because: expect.stringContaining("not heard for 90 s"),
    });
  });

  it.each<[Asked, RegExp]>([
    [{ machines: ["nobody"] }, /^There is no machine "nobody"/],
    [{ canary: "other" }, /^The canary "other" is not one of the machines/],
    [{ as: "a b" }, /^"a b" is no model name/],
    [
      { preset: create(PresetSchema, { hardwareClass: "test-class" }) },
      /needs a preset with a configuration/,
    ],
    [{ preset: { ...preset, hardwareClass: "none" } }, /^No machine of the hardware class none is known/],
  ])("are refused in one sentence: %j", (asked, words) => {
    expect(() => choose(LAB, asked)).toThrow(words);
  });
});

describe("whether a machine is there", () => {
  const presence = { leaseMs: LEASE_MS, listeningMs: 3_600_000 };

  it("is waited for a while when it falls silent, and not when nobody listened to it", () => {
    const away = (silentMs: number, listeningMs = presence.listeningMs) => {
      const { away: why, longAway } = describeAway(machine("lab-a", {}, silentMs), {
        ...presence,
        listeningMs,
      });
      return [why !== null, longAway];
    };
    expect(away(0)).toEqual([false, false]);
    expect(away(31_000)).toEqual([true, false]);
    expect(away(61_000)).toEqual([true, true]);
    expect(away(3_600_000, 5_000)).toEqual([true, false]);
  });

  it("is not waited for when its engine fails or it is not known any more", () => {
    const failing = machine("lab-a", { engineProblem: "No Ollama answers." });
    expect(describeAway(failing, presence)).toEqual({ away: "No Ollama answers.", longAway: true });
    expect(describeAway(undefined, presence).longAway).toBe(true);
  });

  it("is waited for, however long, while it would begin nothing: paused, outside its hours, in use", () => {
    const there = machine("lab-a", {}, 0);
    const night = { allow: ["19:00-07:00"], timeZone: "UTC" };
    for (const [change, away] of [
      [{ paused: true }, "The machine is paused."],
      [{ hours: { ...night, at: new Date("2026-11-26T12:00:00Z") } }, "The machine is outside its hours."],
      [{ hours: { ...night, at: new Date("2026-11-26T22:00:00Z") } }, null],
      [{ waits: { kind: "in_use", detail: "keyboard" } as const }, "The machine is for its user now."],
    ] as const) {
      expect(describeAway({ ...there, ...change }, presence)).toEqual({ away, longAway: false });
    }
  });
});
