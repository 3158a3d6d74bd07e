// Machines that are kept for their users, and sweeps that drain, on a real Postgres and a real bus.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { HeartbeatSchema, MachineSchema } from "@ozone/proto/machine";
import { ensureWorkConsumer } from "@ozone/shared/bus";
import { LEASES_PER_TRIAL } from "@ozone/shared/limits";
import { OBJECTIVES } from "@ozone/shared/objective";
import { waitMessage } from "@ozone/shared/wait-message";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { waitingNotes } from "../api/waiting-notes.ts";
import { createChangeSignal } from "../change-signal.ts";
import { acceptHeartbeat, machinesOnline } from "../fleet/machines-online.ts";
import { budgetMachine, setMachineHours } from "../fleet/set-machine.ts";
import { whoWorks } from "../fleet/who-works.ts";
import { recordResults } from "../intake/record-results.ts";
import { targetPlanner } from "../planning/plan-target.ts";
import { newestActs } from "../store/acts.ts";
import { describeMachine, withBudget } from "../store/describe-machine.ts";
import { findMachine } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { machineSettings } from "../store/schema/machine-settings.ts";
import { results } from "../store/schema/results.ts";
import { sweepTargets } from "../store/schema/sweeps.ts";
import { attempts } from "../store/schema/trials.ts";
import { machinesWithoutTime, timeBudgets } from "../store/spent-time.ts";
import { findSweep, setDraining } from "../store/sweeps.ts";
import { trialsOfSweep } from "../store/trials.ts";
import { startTasks } from "../tasks.ts";
import { madeResult } from "../testing/made-results.ts";
import { arrivedResult, madeSharing, NOBODY_HEARD, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { advanceSweeps } from "./advance-sweeps.ts";
import { dispatchTrials } from "./dispatch-trials.ts";
import { drainSweeps } from "./drain-sweeps.ts";
import { expireLeases } from "./expire-leases.ts";
import { TimeWatch } from "./time-watch.ts";

const LEASE_MS = 30_000;
const IN_USE = { kind: "in_use", detail: "keyboard", sinceMs: Date.parse("2026-11-26T14:03:00Z") };

let parts: RealParts;
let store: Store;
let machineId = "m-0";
let tests = 0;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());
beforeEach(async () => {
  tests += 1;
  machineId = `m-g${tests}`;
  store = await parts.newStore();
  await storeSweep(store, 3, machineId);
  await ensureWorkConsumer(parts.bus, machineId, LEASE_MS);
});

const states = async () =>
  (await trialsOfSweep(store.db, "s-1")).map(({ state, attempt }) => `${state} ${attempt}`);
const sweepState = async () => (await findSweep(store.db, "s-1"))?.state;
const beat = (waits: typeof IN_USE | null) =>
  acceptHeartbeat(store, {
    machineId,
    leaseMs: LEASE_MS,
    message: create(HeartbeatSchema, { machineId, ...(waits ? { waits: waitMessage(waits) } : {}) }),
  });
const ready = async () => whoWorks(await machinesOnline(store, LEASE_MS));
const dispatch = async () =>
  dispatchTrials(store, parts.bus, { machineIds: (await ready()).free, leaseMs: LEASE_MS });
/** As the coordinator does it: with the order lying in the pipe. */
const expire = async () => {
  await store.db.update(attempts).set({ leaseExpiresAt: new Date(0) });
  const { heard, waiting } = await ready();
  return expireLeases(store, { leaseMs: LEASE_MS, machineIds: heard, waiting, orderWaits: async () => true });
};
const waiting = async () => (await ready()).waiting;
/** The trial that runs ends, measured. */
async function report(): Promise<void> {
  const running = (await trialsOfSweep(store.db, "s-1")).find(({ state }) => state === "running");
  if (!running) throw new Error("no trial runs");
  const { id, attempt, configuration, purpose } = running;
  const result = madeResult({ trialId: id, attempt, machineId, configuration, purpose, decode: [50] });
  await recordResults(store, [arrivedResult(result).arrived]);
}

describe("a machine that is in use", () => {
  it("is given nothing until it says that it is free, and everybody sees why", async () => {
    await beat(IN_USE);
    expect(await dispatch()).toBe(0);
    const row = await findMachine(store.db, machineId);
    expect(row && describeMachine(row, LEASE_MS).waits).toEqual([waitMessage(IN_USE)]);
    await beat(null);
    expect(await dispatch()).toBe(1);
    expect((await findMachine(store.db, machineId))?.waits).toBeNull();
  });

  it("keeps the order that it gave back, however long, and no attempt is spent on it", async () => {
    await dispatch();
    await beat(IN_USE);
    expect(await expire()).toBe(0);
    expect(await states()).toEqual(["running 1", "planned 0", "planned 0"]);
  });

  it("holds nobody up who shares its search: the others may measure what it gave back", async () => {
    await store.db.update(sweepTargets).set({ shareGroup: "a class" }).where(eq(sweepTargets.sweepId, "s-1"));
    await dispatch();
    await beat(IN_USE);
    expect(await expire()).toBe(1);
    expect((await states())[0]).toBe("planned 1");
  });
});

describe("leases that are ended for users", () => {
  it("are no losses, however many: a trial is not given up for them", async () => {
    await store.db.update(sweepTargets).set({ shareGroup: "a class" }).where(eq(sweepTargets.sweepId, "s-1"));
    for (let given = 1; given <= LEASES_PER_TRIAL; given += 1) {
      await beat(null);
      await dispatch();
      await beat(IN_USE);
      expect(await expire()).toBe(1);
    }
    expect((await states())[0]).toBe(`planned ${LEASES_PER_TRIAL}`);
    await beat(null);
    await dispatch();
    await store.db.update(attempts).set({ leaseExpiresAt: new Date(0) });
    expect(await expireLeases(store, NOBODY_HEARD)).toBe(1);
    expect((await states())[0]).toBe(`planned ${LEASES_PER_TRIAL + 1}`);
  });
});

describe("a machine with hours", () => {
  const NOT_NOW = `${(new Date().getUTCHours() + 6) % 24}:00-${(new Date().getUTCHours() + 7) % 24}:00`;
  const setHours = (...allow: string[]) =>
    setMachineHours(store, machineId, {
      asked: allow.length === 0 ? null : { allow, timeZone: "UTC" },
      who: "a test",
    });
  const waits = async () => {
    const row = await findMachine(store.db, machineId);
    const described = row && describeMachine(row, LEASE_MS);
    return described && fromBinary(MachineSchema, toBinary(MachineSchema, described)).waits;
  };

  it("is given nothing outside them, is told to begin nothing, and everybody sees until when", async () => {
    await setHours(NOT_NOW);
    expect(await dispatch()).toBe(0);
    expect(await waits()).toMatchObject([{ kind: "hours", detail: "UTC", until: expect.anything() }]);
    expect((await beat(null)).paused).toBe(true);
    expect(await waitingNotes(store, [machineId], { leaseMs: LEASE_MS, nowMs: Date.now() })).toEqual([
      expect.stringMatching(/^lab-m-g\d+ waits: outside its hours until .*UTC\.$/),
    ]);
    await setHours("00:00-24:00");
    expect((await beat(null)).paused).toBe(false);
    expect(await dispatch()).toBe(1);
    expect(await waits()).toEqual([]);
  });

  it("ends the trial that it has begun, and begins no other", async () => {
    await dispatch();
    await setHours(NOT_NOW);
    expect(await states()).toEqual(["running 1", "planned 0", "planned 0"]);
    await report();
    expect(await dispatch()).toBe(0);
    expect(await states()).toEqual(["done 1", "planned 0", "planned 0"]);
    await setHours();
    expect(await dispatch()).toBe(1);
    expect((await newestActs(store.db, 9)).map(({ what, detail }) => [what, detail])).toEqual([
      ["hours set", "always"],
      ["hours set", expect.stringMatching(/^Mon-Sun \d\d:00-\d\d:00 in UTC$/)],
    ]);
  });
});

describe("a machine with a budget of time", () => {
  const budget = (dailyMs: number) => budgetMachine(store, machineId, { dailyMs, who: "a test" });
  const now = async () => {
    const row = await findMachine(store.db, machineId);
    const described =
      row && withBudget(describeMachine(row, LEASE_MS), (await timeBudgets(store.db)).get(machineId));
    // As it is sent: what can't be written would be seen by nobody.
    return (
      described && fromBinary(MachineSchema, toBinary(MachineSchema, described)).waits.map(({ kind }) => kind)
    );
  };
  const spend = (elapsedMs: number, hoursAgo: number) =>
    store.db.update(results).set({ elapsedMs, receivedAt: new Date(Date.now() - hoursAgo * 3_600_000) });

  it("is without time once its trials of 24 hours have used it up, and has it again when they lie further back", async () => {
    await budget(60_000);
    expect(await machinesWithoutTime(store.db)).toEqual(new Set());
    await dispatch();
    await report();
    await spend(59_000, 1);
    expect(await machinesWithoutTime(store.db)).toEqual(new Set());
    await spend(60_000, 23.9);
    expect(await machinesWithoutTime(store.db)).toEqual(new Set([machineId]));
    expect(await now()).toEqual(["budget"]);
    await spend(60_000, 24.1);
    expect(await machinesWithoutTime(store.db)).toEqual(new Set());
    expect(await now()).toEqual([]);
  });

  it("is one whose budget an administrator set and may take away; both are in the audit log", async () => {
    await budget(60_000);
    await dispatch();
    await report();
    await spend(90_000, 1);
    await budget(0);
    expect(await machinesWithoutTime(store.db)).toEqual(new Set());
    expect((await newestActs(store.db, 2)).map(({ what, detail }) => `${what}: ${detail}`)).toEqual([
      "budgeted: none",
      "budgeted: 1 min in 24 h",
    ]);
    await expect(budget(86_400_001)).rejects.toThrow(/at most 24h/);
    await expect(budgetMachine(store, "m-nobody", { dailyMs: 1, who: "x" })).rejects.toThrow(
      /There is no machine/,
    );
  });

  it("is asked about when a result was counted, else seldom", async () => {
    let clockMs = 0;
    const watch = new TimeWatch(() => clockMs);
    await budget(60_000);
    await dispatch();
    await report();
    expect(await watch.withoutTime(store)).toEqual(new Set());
    await spend(60_000, 1);
    expect(await watch.withoutTime(store)).toEqual(new Set());
    watch.changed();
    expect(await watch.withoutTime(store)).toEqual(new Set([machineId]));
    await spend(60_000, 25);
    clockMs = 5_000;
    expect(await watch.withoutTime(store)).toEqual(new Set());
  });
});

describe("a sweep that drains", () => {
  const drain = () => store.db.transaction((tx) => setDraining(tx, "s-1"));

  it("begins nothing more, waits for what runs, and ends cancelled with what was measured", async () => {
    await dispatch();
    await drain();
    expect(await drainSweeps(store, await waiting())).toBe(0);
    expect(await states()).toEqual(["running 1", "cancelled 0", "cancelled 0"]);
    await report();
    // Nothing of it is open now, and a planner that was asked would plan more.
    const deciders = { planner: targetPlanner, plugIns: { answer: () => null }, sharing: madeSharing() };
    await advanceSweeps(store, deciders, (_id, thrown) => {
      throw thrown;
    });
    expect(await dispatch()).toBe(0);
    expect(await drainSweeps(store, await waiting())).toBe(1);
    expect(await states()).toEqual(["done 1", "cancelled 0", "cancelled 0"]);
    expect(await sweepState()).toBe("cancelled");
    expect(await drainSweeps(store, await waiting())).toBe(0);
  });

  it("dispatches nothing even before it was moved on", async () => {
    await drain();
    expect(await dispatch()).toBe(0);
  });

  it("does not wait for the user of a machine to leave", async () => {
    await dispatch();
    await beat(IN_USE);
    await drain();
    expect(await drainSweeps(store, await waiting())).toBe(1);
    expect(await states()).toEqual(["cancelled 1", "cancelled 0", "cancelled 0"]);
  });

  it("ends at once when nothing runs; one that has ended stays as it is", async () => {
    await drain();
    expect(await drainSweeps(store, await waiting())).toBe(1);
    await drain();
    expect((await findSweep(store.db, "s-1"))?.finishedAt).not.toBeNull();
    expect(await drainSweeps(store, await waiting())).toBe(0);
  });
});

describe("the coordinator's own look for work", () => {
  it("gives to who is free, and nothing to who is in use, has no time left, or whose sweep drains", async () => {
    const names = ["free", "used", "spent", "drained"] as const;
    const idOf = (name: string) => `${machineId}-${name}`;
    for (const name of names) {
      await storeSweep(store, 1, idOf(name), `s-${name}`);
      await ensureWorkConsumer(parts.bus, idOf(name), LEASE_MS);
      const waits = name === "used" ? { waits: waitMessage(IN_USE) } : {};
      const message = create(HeartbeatSchema, { machineId: idOf(name), ...waits });
      await acceptHeartbeat(store, { machineId: idOf(name), leaseMs: LEASE_MS, message });
    }
    await store.db.insert(machineSettings).values({ machineId: idOf("spent"), dailyMs: 0 });
    await store.db.transaction((tx) => setDraining(tx, "s-drained"));
    const stateOf = async (name: string) => (await trialsOfSweep(store.db, `s-${name}`))[0]?.state;
    const tasks = startTasks({
      ...{ store, bus: parts.bus, leaseMs: LEASE_MS, objectives: OBJECTIVES, changes: createChangeSignal() },
      ...{ modules: { places: [], namedIn: null }, waitForMachinesMs: 7 * 86_400_000 },
      rolloutsMoved: () => undefined,
      onError: (name, thrown) => {
        throw new Error(name, { cause: thrown });
      },
    });
    try {
      await expect.poll(() => stateOf("free"), { timeout: 10_000 }).toBe("running");
      await expect.poll(() => stateOf("drained"), { timeout: 10_000 }).toBe("cancelled");
      expect(await Promise.all(["used", "spent"].map(stateOf))).toEqual(["planned", "planned"]);
      expect((await findSweep(store.db, "s-drained"))?.state).toBe("cancelled");
    } finally {
      await tasks.stop();
    }
  });
});
