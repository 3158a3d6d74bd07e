import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { MatrixSchema, SweepRequestSchema } from "@ozone/proto/sweep";
import { describe, expect, it } from "vitest";
import { anchorsOf } from "../search/sharing/anchors.ts";
import type { TrialRow } from "../store/trials.ts";
import { type GroupMachine, MadeGroup } from "../testing/made-group.ts";
import { madeAnnouncement } from "../testing/made-sweep.ts";
import { chooseTargets } from "./choose-targets.ts";
import { completeRequest } from "./complete-request.ts";
import { identityOf, isOpenStretch } from "./drift.ts";
import { targetPlanner } from "./plan-target.ts";
import { searchStateOf } from "./search-state.ts";
import { shareTargets } from "./share-groups.ts";

const request = (strategy: string) =>
  completeRequest(
    create(SweepRequestSchema, {
      strategy,
      shareWithinClass: true,
      seed: "test",
      matrix: create(MatrixSchema, {
        numCtx: [1024, 2048, 4096],
        numBatch: [64, 128, 256, 512],
        numPredict: [64],
      }),
    }),
  );
const GRID = request("grid");
const POINTS = 12;
const group = (machines: readonly GroupMachine[], asked = GRID) =>
  new MadeGroup(targetPlanner, asked, machines);
const [A, B, C] = [{ id: "m-a" }, { id: "m-b" }, { id: "m-c" }];

const anchors = (() => {
  const [member] = group([A, B]).state().members;
  if (!member) throw new Error("no member");
  const { sweep } = group([A, B]).state();
  const search = searchStateOf({ ...member, sweep });
  return new Set(
    anchorsOf(search).map((configuration) => identityOf({ configuration, purpose: Purpose.SCREEN })),
  );
})();

const ended = ({ rows }: MadeGroup): TrialRow[] => rows.filter(({ state }) => state === "done");
const of = (made: MadeGroup, machineId: string) => ended(made).filter((row) => row.machineId === machineId);
const isReference = ({ purpose }: TrialRow) => purpose === Purpose.REFERENCE;
/** Points of the matrix that are no anchors, once for each time that they were measured. */
const points = (rows: readonly TrialRow[]): string[] =>
  rows
    .filter((row) => row.purpose === Purpose.SCREEN)
    .map(identityOf)
    .filter((identity) => !anchors.has(identity))
    .sort();
const notes = (made: MadeGroup): string => made.targets.flatMap((target) => target.notes).join("\n");

describe("machines that share a grid", () => {
  it("measure every point once, the anchors each, and confirm on all of them", () => {
    const made = group([A, B, C]).run();
    expect(points(ended(made))).toHaveLength(POINTS - anchors.size);
    expect(new Set(points(ended(made))).size).toBe(POINTS - anchors.size);
    for (const { id } of [A, B, C]) {
      const mine = of(made, id);
      const screened = mine.filter(({ purpose }) => purpose === Purpose.SCREEN).map(identityOf);
      for (const anchor of anchors) expect(screened).toContain(anchor);
      expect(points(mine).length).toBeGreaterThan(0);
      expect(mine.filter(({ purpose }) => purpose === Purpose.CONFIRM).length).toBeGreaterThan(0);
    }
    expect(notes(made)).toBe(
      "lab-m-a, lab-m-b and lab-m-c share one search of ozone-synthetic:4m: they are of the class test-class.",
    );
    expect(made.rows.every(({ state }) => state === "done")).toBe(true);
  });

  it("make each its own drift references: first, last, before confirming, and every eight trials", () => {
    const made = group([A, { ...B, trialMs: 9_000 }]).run();
    for (const { id } of [A, B]) {
      const mine = of(made, id).sort((a, b) => (a.endedAt?.getTime() ?? 0) - (b.endedAt?.getTime() ?? 0));
      const marks = mine.map((row) => (isReference(row) ? "|" : row.purpose === Purpose.CONFIRM ? "c" : "."));
      expect(marks.join("")).toMatch(/^\|(\.{1,8}\|)+c{1,8}(\|c{1,8})*\|$/);
    }
  });

  it("choose what to confirm when every reference is in", () => {
    let chosen = false;
    group([A, { ...B, trialMs: 9_000 }, C]).run(({ members }, { added }) => {
      if (chosen || !added.some(({ trial }) => trial.purpose === Purpose.CONFIRM)) return;
      chosen = true;
      for (const { trials } of members) expect(isOpenStretch(trials)).toBe(false);
    });
    expect(chosen).toBe(true);
  });

  it("go on where they were after a kill: the same rows give the same plan", () => {
    let looked = 0;
    group([A, B, { ...C, speedOf: () => 0.98 }], request("guided")).run((state, plan) => {
      looked += 1;
      if (looked % 5 === 0) expect(targetPlanner.together(structuredClone(state))).toEqual(plan);
    });
    expect(looked).toBeGreaterThan(20);
  });

  it("repeat what drift took on the machine that drifted", () => {
    const drifts = { ...B, speedOf: (position: number) => (position < 3 ? 1 : 0.7) };
    const made = group([A, drifts, C], GRID).run();
    const again = ended(made).filter(({ reason }) => reason.startsWith("once more"));
    expect(again.length).toBeGreaterThan(0);
    expect(new Set(again.map(({ machineId }) => machineId))).toEqual(new Set(["m-b"]));
  });

  it("do not take a machine for odd whose anchors drift took, before it has measured them again", () => {
    const drifts = { ...B, speedOf: (position: number) => (position < 3 ? 1 : 0.91) };
    const made = group([A, drifts, C]).run();
    expect(ended(made).some(({ reason }) => reason.startsWith("once more"))).toBe(true);
    expect(made.targets.map(({ oddSince }) => oddSince)).toEqual([null, null, null]);
  });
});

describe("a machine that goes away", () => {
  const leaves = (fromMs: number, untilMs = Number.POSITIVE_INFINITY): GroupMachine => ({
    ...B,
    isSilent: (nowMs) => nowMs >= fromMs && nowMs < untilMs,
  });

  it("leaves what it had not measured to the others, and the sweep ends without it", () => {
    const made = group([A, leaves(27_000), C]).run();
    expect(new Set(points(ended(made))).size).toBe(POINTS - anchors.size);
    expect(made.rows.filter((row) => row.state === "planned" || row.state === "running")).toEqual([]);
    expect(notes(made)).toMatch(/lab-m-b left what it had not begun to the others: it is offline\./);
  });

  it("keeps its trials through a short silence", () => {
    const made = group([A, leaves(12_000, 60_000), C]).run();
    expect(made.rows.some(({ state }) => state === "cancelled")).toBe(false);
    expect(notes(made)).not.toMatch(/left what/);
  });

  it("is handed trials again when it is back, and when it comes late", () => {
    const slow = [A, C].map((machine) => ({ ...machine, trialMs: 60_000 }));
    const back = group([...slow, leaves(20_000, 260_000)]).run();
    const after = of(back, "m-b").filter((row) => (row.endedAt?.getTime() ?? 0) > 260_000);
    expect(after.some((row) => !isReference(row))).toBe(true);
    const late = group([...slow, leaves(0, 200_000)]).run();
    expect(new Set(points(ended(late))).size).toBe(POINTS - anchors.size);
    const first = of(late, "m-b").sort((a, b) => a.ordinal - b.ordinal);
    expect(first.slice(0, 2).map(({ purpose }) => purpose)).toEqual([Purpose.REFERENCE, Purpose.SCREEN]);
    expect(anchors.has(first[1] ? identityOf(first[1]) : "")).toBe(true);
  });
});

describe("an odd machine", () => {
  it("leaves with a sentence, and what only it had measured is measured by the others", () => {
    const made = group([A, { ...B, speedOf: () => 0.7 }, C]).run();
    const odd = made.targets.find(({ machineId }) => machineId === "m-b");
    expect(odd?.oddSince).not.toBeNull();
    expect(odd?.notes.join(" ")).toMatch(/^lab-m-b is odd: its (decode rate|TTFT) is \d+ % .* n \d\)/);
    const pooled = ended(made).filter(({ machineId }) => machineId !== "m-b");
    expect(new Set(points(pooled)).size).toBe(POINTS - anchors.size);
    expect(of(made, "m-b").filter(({ purpose }) => purpose === Purpose.CONFIRM)).toEqual([]);
  });
});

describe("who shares a search", () => {
  const machine = (id: string, change: object = {}) => ({
    id,
    announcement: { ...madeAnnouncement(id), ...change },
    activity: "",
    lastSeenAt: new Date(0),
    silentMs: 0,
    tags: [],
  });
  const groupsOf = (machines: ReturnType<typeof machine>[], asked = GRID) =>
    shareTargets(asked, chooseTargets(asked, machines), machines).map(({ shareGroup }) => shareGroup);

  it("are machines of one class with one model and one engine; one alone is searched as ever", () => {
    const other = machine("m-3", { hardwareClass: "other" });
    const newer = machine("m-4", { engine: { ...madeAnnouncement("m-4").engine, version: "9" } });
    const groups = groupsOf([machine("m-1"), machine("m-2"), other, newer]);
    expect(groups[0]).not.toBe("");
    expect(groups).toEqual([groups[0], groups[0], "", ""]);
  });

  it("is nobody where the sweep does not ask for it", () => {
    const alone = { ...GRID, shareWithinClass: false };
    expect(groupsOf([machine("m-1"), machine("m-2")], alone)).toEqual(["", ""]);
  });

  it.each(["halving", "quick", "/tmp/mine.mjs"])("is refused for %s, in one sentence", (strategy) => {
    expect(() => request(strategy)).toThrow(
      /^share class is not possible with the strategy \S+, .*: use grid, guided or random, or leave share out\.$/,
    );
  });

  it("is refused with fills that output lengths share, in one sentence", () => {
    const asked = { ...GRID, protocol: create(ProtocolSchema, { fill: 0.9, shareFill: true }) };
    expect(() => completeRequest(asked)).toThrow(/^share class and share_fill can't be combined yet: .*\.$/);
  });
});
