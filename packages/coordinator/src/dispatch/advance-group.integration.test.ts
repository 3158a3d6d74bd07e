// Machines that share a search, on a real Postgres and a real bus; what they report is made by arithmetic.
import { create } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { MatrixSchema, SweepRequestSchema } from "@ozone/proto/sweep";
import { ReceiptOutcome } from "@ozone/proto/trial";
import { ensureWorkConsumer } from "@ozone/shared/bus";
import { configurationKey } from "@ozone/shared/configuration";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { removeMachine } from "../fleet/admit-machine.ts";
import { recordResults } from "../intake/record-results.ts";
import { chooseTargets } from "../planning/choose-targets.ts";
import { completeRequest } from "../planning/complete-request.ts";
import { targetPlanner } from "../planning/plan-target.ts";
import { shareTargets } from "../planning/share-groups.ts";
import { refreshPresets, staleKeys } from "../presets/refresh-presets.ts";
import { listMachines, saveMachine } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { listPresets } from "../store/presets.ts";
import { type PresetKey, presetKeyOf, resultsOfKey } from "../store/results.ts";
import { machines } from "../store/schema/machines.ts";
import { findSweep, insertSweep, listTargets } from "../store/sweeps.ts";
import { type TrialRow, trialsOfSweep } from "../store/trials.ts";
import { madeResult } from "../testing/made-results.ts";
import { arrivedResult, madeAnnouncement, madeSharing, NOBODY_HEARD } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { advanceSweeps } from "./advance-sweeps.ts";
import { dispatchTrials } from "./dispatch-trials.ts";
import { expireLeases } from "./expire-leases.ts";

const LEASE_MS = 30_000;
const POINTS = 9;
const KEY = presetKeyOf(madeResult());

let parts: RealParts;
let store: Store;
let machineIds: string[];
let tests = 0;
/** Keys of presets that have to be chosen again without a machine. */
let left: PresetKey[];

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());
beforeEach(async () => {
  tests += 1;
  left = [];
  store = await parts.newStore();
  machineIds = ["a", "b", "c"].map((name) => `m-${tests}${name}`);
  for (const id of machineIds) {
    await saveMachine(store.db, madeAnnouncement(id));
    await ensureWorkConsumer(parts.bus, id, LEASE_MS);
  }
});

async function startSweep(): Promise<void> {
  const matrix = create(MatrixSchema, {
    numCtx: [1024, 2048, 4096],
    numBatch: [128, 256, 512],
    numPredict: [64],
  });
  const asked = { strategy: "grid", matrix, seed: "test", shareWithinClass: true };
  const request = completeRequest(create(SweepRequestSchema, asked));
  const online = await listMachines(store.db);
  const targets = shareTargets(request, chooseTargets(request, online), online);
  await insertSweep(store.db, { id: "s-1", name: "shared", request }, targets);
}

/** One turn of a coordinator that remembers nothing of its turns before. */
const advance = () =>
  advanceSweeps(
    store,
    {
      planner: targetPlanner,
      plugIns: { answer: () => null },
      sharing: {
        ...madeSharing(LEASE_MS, Number.POSITIVE_INFINITY),
        machineLeft: (key) => left.push(key),
      },
    },
    (_id, thrown) => {
      throw thrown;
    },
  );
const dispatch = (ids = machineIds, leaseMs = LEASE_MS) =>
  dispatchTrials(store, parts.bus, { machineIds: ids, leaseMs });
const rows = () => trialsOfSweep(store.db, "s-1");

const resultOf = ({ id, attempt, machineId, configuration, purpose, protocol }: TrialRow, speed: number) =>
  madeResult({
    trialId: id,
    attempt,
    machineId,
    configuration,
    purpose,
    decode: Array.from(
      { length: samplesWanted(protocol) },
      () => speed * (100 + configuration.numBatch / 100),
    ),
    ttftMs: configuration.numCtx / speed,
  });

/** Every running trial of these machines ends with a result, in the order of their names. */
async function report(speedOf: (machineId: string) => number, ids = machineIds): Promise<void> {
  for (const row of await rows()) {
    if (row.state !== "running" || !ids.includes(row.machineId)) continue;
    await recordResults(store, [arrivedResult(resultOf(row, speedOf(row.machineId))).arrived]);
  }
}

/** Turns until the sweep has ended. */
async function toTheEnd(turn: () => Promise<void>): Promise<void> {
  for (let turns = 0; turns < 80; turns += 1) {
    await turn();
    if ((await findSweep(store.db, "s-1"))?.state !== "running") return;
  }
  throw new Error(`the sweep did not end: ${(await rows()).map(({ state }) => state).join(" ")}`);
}

const screenedPoints = (trials: readonly TrialRow[]) =>
  trials
    .filter(({ purpose, state }) => purpose === Purpose.SCREEN && state === "done")
    .map(({ configuration }) => configurationKey(configuration));
const countOf = (keys: readonly string[]) =>
  [...new Set(keys)].map((key) => keys.filter((one) => one === key).length);
const presets = async () => {
  await refreshPresets(store, KEY);
  return listPresets(store.db, { model: "", hardwareClass: "", purpose: "" });
};

describe("machines that share a search, on real parts", () => {
  it("measure each point once in all, planned by two coordinators at once that remember nothing", async () => {
    await startSweep();
    await toTheEnd(async () => {
      await Promise.all([advance(), advance()]);
      await Promise.all([dispatch(), dispatch()]);
      await report(() => 1);
    });
    const trials = await rows();
    expect((await findSweep(store.db, "s-1"))?.state).toBe("done");
    expect(new Set(trials.map(({ state }) => state))).toEqual(new Set(["done"]));
    // Four anchors, the default among them, on each of the three machines.
    expect(countOf(screenedPoints(trials)).sort()).toEqual([1, 1, 1, 1, 1, 3, 3, 3, 3]);
    for (const id of machineIds) {
      expect(trials.some((row) => row.machineId === id && row.reason.startsWith("point"))).toBe(true);
    }
    expect(new Set(screenedPoints(trials)).size).toBe(POINTS);
    for (const preset of await presets()) expect(preset.machineIds).toEqual(machineIds);
  });

  it("leave an odd machine out of the presets, which are chosen again at once", async () => {
    const [, odd = ""] = machineIds;
    let stale: PresetKey[][] | undefined;
    await startSweep();
    await toTheEnd(async () => {
      await refreshPresets(store, KEY);
      const before = await staleKeys(store);
      await advance();
      // Also when the coordinator is killed right after: the row says that the presets are older than what they rest on.
      if (left.length > 0) stale ??= [before, await staleKeys(store)];
      await dispatch();
      await report((id) => (id === odd ? 0.6 : 1));
    });
    const target = (await listTargets(store.db, "s-1")).find(({ machineId }) => machineId === odd);
    expect(target?.oddSince).not.toBeNull();
    expect(target?.notes.join(" ")).toContain(`lab-${odd} is odd: `);
    expect(left).toEqual([KEY]);
    expect(stale).toMatchObject([[], [KEY]]);
    const counted = await resultsOfKey(store.db, KEY);
    expect(new Set(counted.map(({ machineId }) => machineId)).size).toBe(2);
    const chosen = await presets();
    expect(chosen.length).toBeGreaterThan(0);
    for (const preset of chosen) expect(preset.machineIds).not.toContain(odd);
    expect(await staleKeys(store)).toEqual([]);
    const pooled = (await rows()).filter(({ machineId }) => machineId !== odd);
    expect(new Set(screenedPoints(pooled)).size).toBe(POINTS);
  });

  it("measure what a machine had begun when it went away; its late result is stale", async () => {
    const [, gone = ""] = machineIds;
    const others = machineIds.filter((id) => id !== gone);
    await startSweep();
    const begun = async () =>
      (await rows()).find(
        ({ machineId, state, purpose, reason }) =>
          machineId === gone &&
          state === "running" &&
          purpose === Purpose.SCREEN &&
          reason.startsWith("point"),
      );
    for (let turns = 0; turns < 20 && !(await begun()); turns += 1) {
      await report(() => 1);
      await advance();
      await dispatch(others);
      await dispatch([gone], 1);
    }
    const lost = await begun();
    if (!lost) throw new Error("it began nothing");
    await store.db.update(machines).set({ lastSeenAt: new Date(0) });
    for (const id of others) await saveMachine(store.db, madeAnnouncement(id));
    await expect.poll(() => expireLeases(store, NOBODY_HEARD), { timeout: 5_000 }).toBe(1);
    await toTheEnd(async () => {
      await advance();
      await dispatch(others);
      await report(() => 1, others);
    });
    const trials = await rows();
    expect(trials.find(({ id }) => id === lost.id)?.state).toBe("cancelled");
    expect(new Set(screenedPoints(trials)).size).toBe(POINTS);
    const [late] = await recordResults(store, [arrivedResult(resultOf(lost, 1)).arrived]);
    expect(late?.receipt?.outcome).toBe(ReceiptOutcome.STALE);
    const notes = (await listTargets(store.db, "s-1")).flatMap((target) => target.notes);
    expect(notes).toContain(`lab-${gone} left what it had not begun to the others: it is offline.`);
  });

  it("measure every point also when a machine is removed that held what waits for anyone", async () => {
    await startSweep();
    const waiting = async () =>
      (await rows()).find(({ forAnyone, state }) => forAnyone && state === "planned");
    for (let turns = 0; turns < 20 && !(await waiting()); turns += 1) {
      await advance();
      await dispatch();
      await report(() => 1);
    }
    const held = await waiting();
    if (!held) throw new Error("nothing waits for anyone");
    const others = machineIds.filter((id) => id !== held.machineId);
    await removeMachine(store, held.machineId, "test");
    await toTheEnd(async () => {
      await advance();
      await dispatch(others);
      await report(() => 1, others);
    });
    expect((await findSweep(store.db, "s-1"))?.state).toBe("done");
    expect(new Set(screenedPoints(await rows())).size).toBe(POINTS);
  });
});
