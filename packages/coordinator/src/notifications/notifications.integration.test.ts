// Notifications on a real Postgres, to a real HTTP receiver that refuses, redirects, cuts off and stays silent.
import { OBJECTIVES } from "@ozone/shared/objective";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { advanceSweeps } from "../dispatch/advance-sweeps.ts";
import { drainSweeps } from "../dispatch/drain-sweeps.ts";
import { eventually } from "../embedded/testing/stage.ts";
import { type Notifying, startNotifying } from "../notifying-tasks.ts";
import { plannerFor } from "../planning/plan-target.ts";
import { beginAbsence } from "../store/machine-absences.ts";
import { saveMachine, touchMachine } from "../store/machines.ts";
import { insertNotification, newestNotifications, trimNotifications } from "../store/notifications.ts";
import type { Store } from "../store/open-store.ts";
import { endSweep, setDraining } from "../store/sweeps.ts";
import { madeAnnouncement, madeSharing, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { makeNotification } from "./bodies.ts";
import { noteSweepEnded } from "./note-sweep.ts";
import { sendDue } from "./send-due.ts";
import { sendTest } from "./send-test.ts";
import { Receiver } from "./testing/receiver.ts";
import { watchMachines } from "./watch-machines.ts";

const QUICK = { firstMs: 20, maxMs: 100, giveUpMs: 60_000 };

let parts: RealParts;
let store: Store;
let receiver: Receiver;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts?.close());
beforeEach(async () => {
  store = await parts.newStore();
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

const add = (name: string) =>
  store.db.transaction((tx) =>
    insertNotification(tx, makeNotification("sweep.done", new Date(), { name, sweepId: "s-1" })),
  );
const listed = () => newestNotifications(store.db, 10);
const never = () => new AbortController().signal;
const sending = async (path?: string) => ({
  ...{ store, endpoint: await receiver.endpoint(path), pace: QUICK, signal: never() },
  onTry: () => undefined,
});

describe("sending", () => {
  it("goes on after refusals and a restart, under the same id, until the receiver takes it", async () => {
    receiver.answers.push(503, "cut");
    await add("night");
    const notifying: Notifying = {
      ...{ endpoint: await receiver.endpoint(), missingAfterMs: 300_000 },
      pace: { ...QUICK, firstMs: 1_000, maxMs: 1_000 },
    };
    const problems: unknown[] = [];
    const options = {
      store,
      notifying,
      leaseMs: 30_000,
      onError: (name: string, thrown: unknown) => problems.push(name, thrown),
    };
    const before = startNotifying(options);
    await eventually(listed, ([one]) => one?.answer === "HTTP 503");
    await before.stop();
    const after = startNotifying(options);
    const [done] = await eventually(listed, ([one]) => one?.state === "delivered");
    await after.stop();
    expect(done).toMatchObject({ attempts: 3, answer: "HTTP 204", about: "night" });
    expect(receiver.received.map(({ id }) => id)).toEqual(Array(3).fill(done?.id));
    expect(receiver.received.at(-1)).toMatchObject({ type: "sweep.done", data: { name: "night" } });
    expect(problems).toEqual([]);
  });

  it("follows no redirect, and says so", async () => {
    receiver.answers.push({ to: "/elsewhere" });
    await add("night");
    await sendDue(await sending());
    expect(receiver.received.map(({ path }) => path)).toEqual(["/hook"]);
    expect((await listed())[0]).toMatchObject({
      ...{ state: "waiting", attempts: 1 },
      answer: "HTTP 307; redirects are not followed",
    });
  });

  it("gives up what is too old, and keeps why", async () => {
    receiver.answers.push(500);
    await add("night");
    await sendDue({ ...(await sending()), pace: { ...QUICK, giveUpMs: 0 } });
    expect((await listed())[0]).toMatchObject({ state: "given_up", answer: "HTTP 500", attempts: 1 });
    expect(await sendDue(await sending())).toBe(false);
    expect(receiver.received).toHaveLength(1);
  });

  it("waits for a silent receiver no longer than it must, tries others beside it, and ends at once when it is stopped", async () => {
    receiver.answers.push("silent");
    await add("one");
    await add("two");
    await sendDue({ ...(await sending()), limitMs: 300 });
    const outcomes = (await listed()).map(({ answer }) => answer).sort();
    expect(outcomes).toEqual(["HTTP 204", "no answer within 300 ms"]);
    receiver.answers.push("silent");
    const notifying = { endpoint: await receiver.endpoint(), missingAfterMs: 300_000, pace: QUICK };
    const tasks = startNotifying({ store, notifying, leaseMs: 30_000, onError: () => undefined });
    await eventually(
      () => receiver.received.length,
      (count) => count === 3,
    );
    const startedAtMs = performance.now();
    await tasks.stop();
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    expect((await listed()).filter(({ state }) => state === "waiting")).toMatchObject([{ attempts: 1 }]);
  });

  it("of a test says what came back, and needs a webhook", async () => {
    receiver.answers.push(401);
    const endpoint = await receiver.endpoint("/hook?token=T0K3N");
    const refused = await sendTest(store, endpoint, never());
    expect(refused).toMatchObject({
      delivered: false,
      httpStatus: 401,
      words: "HTTP 401",
      shown: receiver.url,
    });
    expect(receiver.received[0]).toMatchObject({ id: refused.id, type: "notification.test" });
    await receiver.stop();
    const away = await sendTest(store, endpoint, never());
    expect(away).toMatchObject({ delivered: false, httpStatus: 0, words: "no connection (ECONNREFUSED)" });
    expect(JSON.stringify([refused, away])).not.toContain("T0K3N");
    await expect(sendTest(store, null, never())).rejects.toThrow("has no webhook");
    expect(await listed()).toEqual([]);
  });
});

describe("what is told", () => {
  it("of a sweep's end is there exactly when the end is, with its figures", async () => {
    await storeSweep(store, 2);
    const end = (fails: boolean) =>
      store.db.transaction(async (tx) => {
        await endSweep(tx, "s-1", "failed");
        await noteSweepEnded(tx, "s-1");
        if (fails) throw new Error("killed");
      });
    await expect(end(true)).rejects.toThrow("killed");
    expect(await listed()).toEqual([]);
    await end(false);
    const [one] = await listed();
    expect(one).toMatchObject({ type: "sweep.failed", state: "waiting", attempts: 0 });
    const { data } = JSON.parse(one?.body ?? "{}");
    expect(data).toMatchObject({ sweepId: "s-1", state: "failed", trials: { done: 0, failed: 0 } });
    expect(Date.parse(data.finishedAt)).toBeGreaterThanOrEqual(Date.parse(data.startedAt));
  });

  it("of a machine is told once when it goes missing, and once when it is back", async () => {
    await saveMachine(store.db, madeAnnouncement("m-1"));
    const rules = { missingAfterMs: 300_000, leaseMs: 30_000, listeningMs: 1e9 };
    const silentFor = (minutes: number) =>
      store.db.execute(sql`update machines set last_seen_at = now() - make_interval(mins => ${minutes})`);
    const types = async () => (await listed()).map(({ type }) => type).reverse();
    await silentFor(4);
    expect(await watchMachines(store, rules)).toBe(false);
    await silentFor(6);
    expect(await watchMachines(store, { ...rules, listeningMs: 60_000 })).toBe(false);
    await watchMachines(store, rules);
    await watchMachines(store, rules);
    expect(await types()).toEqual(["machine.missing"]);
    await touchMachine(store.db, "m-1", { activity: "", waits: null });
    await watchMachines(store, rules);
    await watchMachines(store, rules);
    expect(await types()).toEqual(["machine.missing", "machine.back"]);
    const [back] = await listed();
    const { data } = JSON.parse(back?.body ?? "{}");
    expect(data).toMatchObject({ name: "lab-m-1", machineId: "m-1" });
    expect(data.awayMs).toBeGreaterThan(350_000);
    await silentFor(6);
    await watchMachines(store, rules);
    expect(await types()).toHaveLength(3);
  });

  it("of a machine is told once though two look at the same time", async () => {
    await saveMachine(store.db, madeAnnouncement("m-1"));
    await store.db.execute(sql`update machines set last_seen_at = now() - interval '1 hour'`);
    let second: Promise<boolean> | null = null;
    await store.db.transaction(async (tx) => {
      await beginAbsence(tx, "m-1", new Date());
      second = watchMachines(store, { missingAfterMs: 300_000, leaseMs: 30_000, listeningMs: 1e9 });
      await eventually(
        () => store.db.execute(sql`select 1 from pg_locks where not granted`),
        ({ rowCount }) => rowCount === 1,
      );
    });
    await second;
    expect(await listed()).toEqual([]);
  });

  it("of a sweep that its strategy fails, that has nothing left, or that was drained, is told as the dispatch ends it", async () => {
    for (const [id, failure] of [
      ["s-fails", "no such module"],
      ["s-ends", undefined],
    ] as const) {
      await storeSweep(store, 0, "m-1", id);
      const plan = { trials: [], notes: [], ...(failure === undefined ? {} : { failure }) };
      const planner = { ...plannerFor(OBJECTIVES), question: () => null, next: () => plan };
      const deciders = { planner, plugIns: { answer: () => null }, sharing: madeSharing() };
      const problem = (_id: string, thrown: unknown) => expect.unreachable(String(thrown));
      expect(await advanceSweeps(store, { ...deciders, sweepEnded: noteSweepEnded }, problem)).toEqual([id]);
    }
    await storeSweep(store, 1, "m-1", "s-drains");
    await store.db.transaction((tx) => setDraining(tx, "s-drains"));
    expect(await drainSweeps(store, new Set(), noteSweepEnded)).toBe(1);
    const told = (await listed()).map(({ type, body }) => [type, JSON.parse(body).data.sweepId]);
    expect(told.reverse()).toEqual([
      ["sweep.failed", "s-fails"],
      ["sweep.failed", "s-ends"],
      ["sweep.drained", "s-drains"],
    ]);
  });

  it("is bounded: what ended long ago goes, and the oldest beyond a number", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) await add(name);
    const names = async () => (await listed()).map(({ about }) => about).sort();
    await store.db.transaction((tx) => trimNotifications(tx, { keptMs: 1_000, keptMax: 3 }));
    expect(await names()).toEqual(["c", "d", "e"]);
    await store.db.execute(
      sql`update notifications set state = 'given_up', ended_at = now() - interval '2 s' where about = 'd'`,
    );
    await store.db.transaction((tx) => trimNotifications(tx, { keptMs: 1_000, keptMax: 3 }));
    expect(await names()).toEqual(["c", "e"]);
  });
});
