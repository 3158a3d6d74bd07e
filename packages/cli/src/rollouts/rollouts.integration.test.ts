// The commands about roll-outs through the built bundle, against a fake coordinator.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { Provenance } from "@ozone/proto/machine";
import { type Rollout, RolloutSchema } from "@ozone/proto/rollout";
import type {
  CancelRolloutRequest,
  StartRolloutRequest,
  UndoRolloutRequest,
} from "@ozone/proto/rollout_service";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FakeCoordinator, grpcError, startFakeCoordinator } from "../../test/fake-coordinator.ts";
import { buildBundle, type Ran, runCli } from "../../test/run-cli.ts";
import { MODEL, PRESETS, preset } from "../../test/sample-report.ts";
import { presetId } from "../presets/preset-id.ts";

const ID = "r-0123456789";
const BALANCED = PRESETS.find(({ purpose }) => purpose === "balanced") ?? preset({});
const gain = { metric: "ttft_ms", ratio: 0.8, ciLow: 0.75, ciHigh: 0.85, verdict: "better" };

type Target = NonNullable<MessageInitShape<typeof RolloutSchema>["targets"]>[number];
const measured = (outcome: string): Target["outcome"] => ({
  outcome,
  name: `${MODEL}-ozone-balanced`,
  promised: [gain],
  measured: [gain],
  samplesDerived: 6,
  samplesDefault: 5,
  provenance: Provenance.SYNTHETIC,
});

const rollout = (state: string, targets: Target[], because = ""): Rollout =>
  create(RolloutSchema, {
    ...{ id: ID, state, because },
    request: { preset: BALANCED, parallel: 2, tags: ["lab-a"] },
    targets: targets.map((target, position) => ({ position, ...target })),
  });
const planned = () =>
  rollout("planned", [
    { machineName: "lab-1", state: "planned" },
    { machineName: "lab-2", state: "left out", because: `${MODEL} is not installed there.` },
  ]);
const running = () =>
  rollout("running", [
    {
      machineName: "lab-1",
      state: "sent",
      canary: true,
      because: "The canary.",
      activity: "filling 900 tokens",
    },
    { machineName: "lab-2", state: "planned" },
  ]);
const backEverywhere = () =>
  rollout(
    "rolled back",
    [
      {
        machineName: "lab-1",
        state: "taken back",
        canary: true,
        because: "Its name is free.",
        outcome: measured("kept"),
      },
      { machineName: "lab-2", state: "rolled back", because: "No gain.", outcome: measured("rolled back") },
      { machineName: "lab-3", state: "not sent", because: "The roll-out was stopped before." },
    ],
    "The promised gain was not there on lab-2: No gain.",
  );
const undone = (last: Target) =>
  rollout(
    "undone",
    [
      {
        ...{ machineName: "lab-1", state: "taken back", canary: true, because: "The name is free again." },
        outcome: measured("kept"),
      },
      last,
    ],
    "It was undone.",
  );
const keptEverywhere = () =>
  rollout(
    "kept",
    [{ machineName: "lab-1", state: "kept", canary: true, because: "Better.", outcome: measured("kept") }],
    "1 of 1 machines kept the preset.",
  );

let fake: FakeCoordinator;
let folder: string;
let started: StartRolloutRequest[];
let cancelled: CancelRolloutRequest[];

beforeAll(buildBundle);
beforeEach(async () => {
  fake = await startFakeCoordinator();
  folder = mkdtempSync(join(tmpdir(), "ozone-cli-"));
  [started, cancelled] = [[], []];
  fake.answers.set("RolloutService.planRollout", () => ({ rollout: planned() }));
  fake.answers.set("RolloutService.startRollout", (request: StartRolloutRequest) => {
    started.push(request);
    return { rollout: running() };
  });
  fake.answers.set("RolloutService.watchRollout", () => [
    { rollout: running() },
    { rollout: backEverywhere() },
  ]);
  fake.answers.set("RolloutService.listRollouts", () => ({ rollouts: [backEverywhere()] }));
  fake.answers.set("RolloutService.getRollout", () => ({ rollout: backEverywhere() }));
  fake.answers.set("RolloutService.cancelRollout", (request: CancelRolloutRequest) => {
    cancelled.push(request);
    return { rollout: running() };
  });
});
afterEach(async () => {
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ozone = (...words: string[]): Promise<Ran> =>
  runCli(words, { env: { OZONE_GRPC_ADDRESS: fake.address, OZONE_DATA_DIR: folder }, cwd: folder });
/** Texts are wrapped for a terminal. */
const onOneLine = (text: string): string => text.replace(/\s+/g, " ");
const BALANCED_ID = presetId(BALANCED);

describe("ozone preset rollout", () => {
  it("shows who would be sent to and who is left out, and starts nothing, with --dry-run", async () => {
    const { code, stdout } = await ozone("preset", "rollout", BALANCED_ID, "--dry-run");
    expect([code, started]).toEqual([0, []]);
    expect(onOneLine(stdout)).toContain("1 of 2 with the tag lab-a, a canary first, then 2 at once");
    expect(onOneLine(stdout)).toContain(`lab-2 left out lab-2 ${MODEL} is not installed there.`);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("starts nothing without a yes when nobody can be asked", async () => {
    const { code, stderr } = await ozone("preset", "rollout", BALANCED_ID);
    expect([code, started]).toEqual([2, []]);
    expect(stderr).toContain("Nobody can be asked here");
  });

  it("sends what was asked for, follows it, and ends with one report and 3 at a regression", async () => {
    const flags = [
      "--machine",
      "lab-1",
      "--machine",
      "lab-2",
      "--canary",
      "lab-2",
      "--parallel",
      "4",
      "--keep-kept",
      ...["--tag", "lab-a", "--tag", "gpu"],
    ];
    const { code, stdout, stderr } = await ozone(
      ...["preset", "rollout", BALANCED_ID, "--yes", "--as", "mine:1", "--quiet-wait", "5m", ...flags],
    );
    expect(started[0]?.request).toMatchObject({
      ...{ as: "mine:1", machines: ["lab-1", "lab-2"], canary: "lab-2", parallel: 4 },
      tags: ["lab-a", "gpu"],
      ...{ keepKept: true, replace: false, despiteChanges: false, quietWaitMs: 300_000 },
      preset: { purpose: "balanced", modelName: MODEL },
    });
    expect(stderr).toContain("lab-1 (canary): sent: The canary.");
    expect(stderr).toContain("lab-1: filling 900 tokens");
    expect(stderr).toContain("lab-1 (canary): taken back: Its name is free.");
    expect(code).toBe(3);
    const report = onOneLine(stdout);
    expect(report).toContain("machines 3 with the tag lab-a");
    expect(report).toContain("rolled back: The promised gain was not there on lab-2: No gain.");
    expect(report).toContain(
      "lab-1 (canary) taken back unchanged lab-2 rolled back unchanged lab-3 not sent unchanged",
    );
    expect(report).toContain(
      "lab-2 time to first token: 0.80 times the default's [0.75, 0.85], better, n 6 and 5 (synthetic). No gain.",
    );
    expect(report).toContain("lab-3 The roll-out was stopped before.");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("ends with 0 where all kept it, and gives one document with --json", async () => {
    fake.answers.set("RolloutService.watchRollout", () => [{ rollout: keptEverywhere() }]);
    const { code, stdout } = await ozone("preset", "rollout", BALANCED_ID, "--yes", "--json");
    expect([code, JSON.parse(stdout).rollout]).toMatchObject([
      0,
      { id: ID, state: "kept", targets: [{ machineName: "lab-1", outcome: { measured: [gain] } }] },
    ]);
  });

  it("says in one sentence and with 2 that a wait is no duration", async () => {
    const { code, stderr } = await ozone("preset", "rollout", BALANCED_ID, "--yes", "--quiet-wait", "soon");
    expect([code, started]).toEqual([2, []]);
    expect(stderr).toContain('--quiet-wait "soon" is no duration');
  });

  it("says at Ctrl-C that the roll-out goes on, and how to stop it", async () => {
    fake.answers.set("RolloutService.watchRollout", () => [{ rollout: running() }]);
    const { code, stderr } = await runCli(["rollout", "watch", ID], {
      env: { OZONE_GRPC_ADDRESS: fake.address, OZONE_DATA_DIR: folder },
      interruptAfter: /filling/,
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`the roll-out goes on: \`ozone rollout watch ${ID}\``);
  });

  it("goes on following after the coordinator was away", async () => {
    let calls = 0;
    fake.answers.set("RolloutService.watchRollout", () => {
      calls += 1;
      if (calls === 1) throw grpcError(status.UNAVAILABLE, "Connection dropped");
      return [{ rollout: keptEverywhere() }];
    });
    const { code, stderr } = await ozone("rollout", "watch", ID);
    expect([code, stderr]).toEqual([0, expect.stringContaining("the roll-out is safe")]);
  });
});

describe("ozone rollout undo", () => {
  it.each([
    ["taken back", 0, "lab-2 taken back unchanged"],
    ["not applied", 0, "lab-2 not applied unchanged"],
    ["still to take back", 1, `lab-2 still to take back ${MODEL}-ozone-balanced`],
    ["not taken back", 1, `lab-2 not taken back ${MODEL}-ozone-balanced`],
  ])(
    "reports, and ends by what is left, where the last machine is %s: with %i",
    async (state, expected, shows) => {
      const outcome = measured(state === "not applied" ? state : "kept");
      const last = { machineName: "lab-2", state, because: "Said.", outcome };
      const asked: string[] = [];
      fake.answers.set("RolloutService.undoRollout", ({ rolloutId }: UndoRolloutRequest) => {
        asked.push(rolloutId);
        return { rollout: running() };
      });
      fake.answers.set("RolloutService.watchRollout", () => [{ rollout: undone(last) }]);
      const { code, stdout } = await ozone("rollout", "undo", ID);
      expect([code, asked]).toEqual([expected, [ID]]);
      expect(onOneLine(stdout)).toContain("state undone: It was undone.");
      expect(onOneLine(stdout)).toContain(shows);
    },
  );

  it("says with 2 why there is nothing to undo, and follows nothing then or with --detach", async () => {
    fake.answers.set("RolloutService.watchRollout", () => {
      throw grpcError(status.INTERNAL, "followed");
    });
    fake.answers.set("RolloutService.undoRollout", () => {
      throw grpcError(status.INVALID_ARGUMENT, `Roll-out ${ID} is still running.`);
    });
    const refused = await ozone("rollout", "undo", ID);
    expect([refused.code, refused.stderr]).toEqual([2, `Roll-out ${ID} is still running.\n`]);
    fake.answers.set("RolloutService.undoRollout", () => ({ rollout: running() }));
    const detached = await ozone("rollout", "undo", ID, "--detach", "--json");
    expect([detached.code, JSON.parse(detached.stdout).rollout.id]).toEqual([0, ID]);
  });
});

describe("ozone rollout", () => {
  it.each([
    [["list"], `${ID} rolled back ${MODEL}-ozone-balanced 0 of 3`],
    [["show", ID], "lab-1 (canary) taken back unchanged"],
    [["cancel", ID, "--keep-kept"], "lab-1 (canary) sent unknown"],
  ])("prints text for a person, and one document with --json: %j", async (words, shows) => {
    const text = await ozone("rollout", ...words);
    expect([text.code, text.stderr, onOneLine(text.stdout)]).toEqual([0, "", expect.stringContaining(shows)]);
    const json = await ozone("rollout", ...words, "--json");
    expect(typeof JSON.parse(json.stdout)).toBe("object");
  });

  it("hands over what is to be cancelled and whether it is to be kept where it was confirmed", async () => {
    await ozone("rollout", "cancel", ID);
    await ozone("rollout", "cancel", ID, "--keep-kept");
    expect(cancelled).toMatchObject([
      { rolloutId: ID, keepKept: false },
      { rolloutId: ID, keepKept: true },
    ]);
  });
});
