// Schedules on a real Postgres, with a clock that the test moves.
import { clone, create } from "@bufbuild/protobuf";
import { ProtocolSchema } from "@ozone/proto/configuration";
import { SweepRequestSchema } from "@ozone/proto/sweep";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { noteScheduleLost } from "../notifications/note-schedule.ts";
import { newestActs } from "../store/acts.ts";
import { saveMachine } from "../store/machines.ts";
import { newestNotifications } from "../store/notifications.ts";
import type { Store } from "../store/open-store.ts";
import { newestRuns } from "../store/schedules.ts";
import { endSweep, findSweep, listSweeps, listTargets } from "../store/sweeps.ts";
import { madeAnnouncement } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { runSchedules } from "./run-schedules.ts";
import { createSchedule, pauseSchedule, removeSchedule, runSchedule } from "./set-schedule.ts";

const LEASE_MS = 30_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WHO = "a test";

let parts: RealParts;
let store: Store;
/** The first occurrence after the schedule was made: two in the morning of the next day, UTC. */
let firstMs: number;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());
beforeEach(async () => {
  store = await parts.newStore();
  await saveMachine(store.db, madeAnnouncement("m-1"));
  firstMs = Math.ceil((Date.now() + 1 - 2 * HOUR_MS) / DAY_MS) * DAY_MS + 2 * HOUR_MS;
});

const request = create(SweepRequestSchema, {
  strategy: "grid",
  matrix: { numCtx: [1024], numBatch: [128] },
  protocol: create(ProtocolSchema, { repetitions: 1, launches: 1 }),
});
const make = (change: { windowMs?: number; name?: string; request?: typeof request } = {}) =>
  createSchedule(
    store,
    { name: "nightly", cron: "0 2 * * *", timeZone: "UTC", request, windowMs: 0, lateMs: HOUR_MS, ...change },
    WHO,
  );
const lookAt = (atMs: number) =>
  runSchedules({
    ...{ noteLost: noteScheduleLost, store, leaseMs: LEASE_MS, clock: async () => new Date(atMs) },
    onError: (_name, thrown) => {
      throw thrown;
    },
  });
const sweeps = async () => (await listSweeps(store.db, 100)).map(({ name }) => name).sort();
const runs = async () => (await newestRuns(store.db, "nightly", 10)).map(({ outcome }) => outcome);
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

describe("a schedule", () => {
  it("means the machines that are of its class and match its query when it is due, not when it was made", async () => {
    const asked = clone(SweepRequestSchema, request);
    asked.where = "name=m-2 or name=m-3";
    asked.classes = ["cpu-b"];
    const announced = (id: string, hardwareClass: string) =>
      saveMachine(store.db, { ...madeAnnouncement(id), name: id, hardwareClass });
    await make({ request: asked });
    await announced("m-2", "cpu-b");
    await announced("m-3", "cpu-a");
    await announced("m-4", "cpu-b");
    await lookAt(firstMs);
    const [sweep] = await listSweeps(store.db, 1);
    const targets = await listTargets(store.db, sweep?.id ?? "");
    expect(targets.map(({ machineId }) => machineId)).toEqual(["m-2"]);
    const unreadable = clone(SweepRequestSchema, request);
    unreadable.where = "name=m-2 and";
    await expect(make({ name: "other", request: unreadable })).rejects.toThrow(
      /^The query of machines ends /,
    );
  });

  it("starts one sweep at each of its times, also when two look at once and again", async () => {
    await make();
    expect(await lookAt(firstMs - 1)).toBe(false);
    await Promise.all([lookAt(firstMs), lookAt(firstMs), lookAt(firstMs + 5)]);
    expect(await lookAt(firstMs + 10)).toBe(false);
    expect(await sweeps()).toEqual([`nightly ${dayOf(firstMs)} 02:00`]);
    const [sweep] = await listSweeps(store.db, 1);
    await store.db.transaction((tx) => endSweep(tx, sweep?.id ?? "", "done"));
    await lookAt(firstMs + DAY_MS);
    expect(await sweeps()).toEqual([
      `nightly ${dayOf(firstMs)} 02:00`,
      `nightly ${dayOf(firstMs + DAY_MS)} 02:00`,
    ]);
    expect(await lookAt(firstMs)).toBe(false);
    expect((await sweeps()).length).toBe(2);
  });

  it("skips a time while its sweep runs, and says so", async () => {
    await make();
    await lookAt(firstMs);
    expect(await lookAt(firstMs + DAY_MS)).toBe(true);
    expect(await runs()).toEqual(["skipped", "started"]);
    expect((await newestRuns(store.db, "nightly", 1))[0]?.because).toMatch(
      /^The sweep s-\w+ of an earlier time still runs\./,
    );
  });

  it("starts nothing when it was away too long, or while it is paused, and makes up for neither", async () => {
    await make();
    await lookAt(firstMs + 5 * HOUR_MS);
    expect(await runs()).toEqual(["missed"]);
    await pauseSchedule(store, "nightly", { paused: true, who: WHO });
    expect(await lookAt(firstMs + DAY_MS)).toBe(false);
    await pauseSchedule(store, "nightly", { paused: false, who: WHO });
    await lookAt(firstMs + 2 * DAY_MS);
    expect(await runs()).toEqual(["started", "missed"]);
  });

  it("says why a sweep could not be started, and tries again at its next time", async () => {
    store = await parts.newStore();
    await make();
    await lookAt(firstMs);
    const [failed] = await newestRuns(store.db, "nightly", 1);
    expect(failed).toMatchObject({ outcome: "failed", because: expect.stringMatching(/\.$/), sweepId: null });
    await saveMachine(store.db, madeAnnouncement("m-1"));
    await lookAt(firstMs + DAY_MS);
    expect(await runs()).toEqual(["started", "failed"]);
  });

  it("tells of each time that became no sweep, once, and of skipped ones in a row the first", async () => {
    store = await parts.newStore();
    await make();
    await Promise.all([lookAt(firstMs), lookAt(firstMs)]);
    await saveMachine(store.db, madeAnnouncement("m-1"));
    await lookAt(firstMs + DAY_MS + 5 * HOUR_MS);
    for (const day of [2, 3, 4]) await lookAt(firstMs + day * DAY_MS);
    const [{ id = "" } = {}] = await listSweeps(store.db, 1);
    await store.db.transaction((tx) => endSweep(tx, id, "done"));
    for (const day of [5, 6]) await lookAt(firstMs + day * DAY_MS);
    const told = (await newestNotifications(store.db, 10)).map(({ type, body }) => ({
      type,
      dueAt: JSON.parse(body).data.dueAt,
    }));
    const day = (type: string, days: number) => ({
      type,
      dueAt: new Date(firstMs + days * DAY_MS).toISOString(),
    });
    expect(told.reverse()).toEqual([
      day("schedule.failed", 0),
      day("schedule.missed", 1),
      day("schedule.skipped", 3),
      day("schedule.skipped", 6),
    ]);
    const [first] = (await newestNotifications(store.db, 10)).reverse();
    expect(first?.about).toBe("nightly");
    expect(JSON.parse(first?.body ?? "{}").data.because).toMatch(/^No machine is online/);
  });

  it("has its sweep begin nothing more when the window ends, and says so there", async () => {
    await make({ windowMs: 4 * HOUR_MS });
    await lookAt(firstMs);
    const [sweep] = await listSweeps(store.db, 1);
    expect(await lookAt(firstMs + 4 * HOUR_MS - 1)).toBe(false);
    expect(await lookAt(firstMs + 4 * HOUR_MS)).toBe(true);
    expect((await findSweep(store.db, sweep?.id ?? ""))?.drainingSince).toBeInstanceOf(Date);
    expect((await listTargets(store.db, sweep?.id ?? ""))[0]?.notes).toContainEqual(
      expect.stringMatching(/^The window of its schedule ended at .*: no further trial begins\.$/),
    );
    expect(await lookAt(firstMs + 4 * HOUR_MS + 1)).toBe(false);
  });

  it("is started by hand, removed without its sweeps, and each act is noted", async () => {
    await make();
    await expect(make()).rejects.toThrow(/There is a schedule nightly already/);
    await expect(make({ name: "a b" })).rejects.toThrow(/A schedule's name has letters/);
    const sweepId = await runSchedule(store, "nightly", { leaseMs: LEASE_MS, who: WHO });
    await removeSchedule(store, "nightly", WHO);
    expect(await findSweep(store.db, sweepId)).not.toBeNull();
    await expect(runSchedule(store, "nightly", { leaseMs: LEASE_MS, who: WHO })).rejects.toThrow(
      /There is no schedule "nightly"/,
    );
    expect((await newestActs(store.db, 10)).map(({ what }) => what)).toEqual([
      "removed schedule",
      "ran schedule",
      "scheduled",
    ]);
  });
});
