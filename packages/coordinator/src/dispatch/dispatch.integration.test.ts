import { create } from "@bufbuild/protobuf";
import { ProtocolSchema } from "@ozone/proto/configuration";
import { HeartbeatSchema } from "@ozone/proto/machine";
import { SweepRequestSchema } from "@ozone/proto/sweep";
import {
  ensureStreams,
  ensureWorkConsumer,
  orderWaits,
  type TakenOrder,
  takeTrialOrder,
} from "@ozone/shared/bus";
import { ATTEMPT_LIFE_MS_MAX, LEASES_PER_TRIAL } from "@ozone/shared/limits";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { acceptHeartbeat } from "../fleet/machines-online.ts";
import { recordResults } from "../intake/record-results.ts";
import { targetPlanner } from "../planning/plan-target.ts";
import { expiredAttempts, extendAllLeases, unpublishedAttempts } from "../store/attempts.ts";
import type { Store } from "../store/open-store.ts";
import { attempts, trials } from "../store/schema/trials.ts";
import { countTrials, findSweep, findTarget, insertSweep, listTargets } from "../store/sweeps.ts";
import { insertTrials, trialsOfSweep } from "../store/trials.ts";
import { madeResult } from "../testing/made-results.ts";
import { arrivedResult, madeSharing, NOBODY_HEARD, storeSweep, trialId } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { advanceSweeps } from "./advance-sweeps.ts";
import { dispatchTrials, type HoldBack, publishOpenAttempts } from "./dispatch-trials.ts";
import { expireLeases } from "./expire-leases.ts";

let parts: RealParts;
let store: Store;
/** A machine of its own per test, so that no test takes another's orders. */
let machineId = "m-0";
let tests = 0;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(async () => {
  await parts.close();
});
beforeEach(async () => {
  tests += 1;
  machineId = `m-d${tests}`;
  store = await parts.newStore();
  await storeSweep(store, 2, machineId);
  await ensureWorkConsumer(parts.bus, machineId, LEASE_MS);
});

const LEASE_MS = 30_000;
const NO_PLUG_INS = { answer: () => null };
const first = () => trialId(1, machineId);
const dispatch = (leaseMs = LEASE_MS) =>
  dispatchTrials(store, parts.bus, { machineIds: [machineId], leaseMs });
const take = async (): Promise<TakenOrder> => {
  const taken = await takeTrialOrder(parts.bus, machineId, {
    waitMs: 5_000,
    signal: new AbortController().signal,
  });
  if (!taken) throw new Error("no order arrived");
  return taken;
};
const states = async () =>
  (await trialsOfSweep(store.db, "s-1")).map(({ state, attempt }) => `${state} ${attempt}`);
const beat = (attempt: number) =>
  acceptHeartbeat(store, {
    machineId,
    message: create(HeartbeatSchema, { machineId, trialId: first(), attempt, activity: "filling" }),
    leaseMs: LEASE_MS,
  });

describe("dispatching trials", () => {
  it("gives a machine one trial at a time, in the order of the plan", async () => {
    expect(await dispatch()).toBe(1);
    expect(await dispatch()).toBe(0);
    const { order, done } = await take();
    expect(order).toMatchObject({ trialId: first(), attempt: 1, machineId, modelDigest: "sha256:abc" });
    done();
    expect(await states()).toEqual(["running 1", "planned 0"]);
  });

  it("holds back what the machine's agent does not know, with a note, and gives it another sweep's trial", async () => {
    const [known] = await trialsOfSweep(store.db, "s-1");
    if (!known) throw new Error("no trial was stored");
    const [request, target] = [create(SweepRequestSchema), await findTarget(store.db, known.targetId)];
    if (!target) throw new Error("no target was stored");
    const { modelName, modelDigest } = target;
    await insertSweep(store.db, { id: "s-2", name: "other", request }, [
      { machineId, modelName, modelDigest },
    ]);
    const [other] = await listTargets(store.db, "s-2");
    const trial = {
      ...known,
      id: trialId(3, machineId),
      sweepId: "s-2",
      targetId: other?.id ?? 0,
      ordinal: 0,
    };
    const protocol = create(ProtocolSchema, { repetitions: 7 });
    await insertTrials(store.db, [{ ...trial, protocol }]);
    const options = { machineIds: [machineId], leaseMs: LEASE_MS };
    const holdBack: HoldBack = (one) => (one.protocol.repetitions === 7 ? null : "lab-1 runs an old agent.");

    for (const sent of [1, 0])
      expect(await dispatchTrials(store, parts.bus, { ...options, holdBack })).toBe(sent);
    const { order, done } = await take();
    expect(order.trialId).toBe(trial.id);
    done();
    expect(await states()).toEqual(["planned 0", "planned 0"]);
    expect((await findTarget(store.db, known.targetId))?.notes).toEqual([
      "Trials had to wait: lab-1 runs an old agent.",
    ]);
  });

  it("never opens two attempts of one machine when two coordinators dispatch at once", async () => {
    await Promise.all([dispatch(), dispatch(), dispatch()]);
    const running = (await states()).filter((state) => state.startsWith("running"));
    expect(running).toEqual(["running 1"]);
  });

  it("publishes an order again that a killed coordinator had committed but not published", async () => {
    await dispatch();
    (await take()).done();
    const attempt = { trialId: first(), number: 1, machineId };
    await store.db.transaction(async (tx) => {
      await tx.update(attempts).set({ published: false });
    });
    expect(await unpublishedAttempts(store.db)).toEqual([attempt]);
    expect(await publishOpenAttempts(store, parts.bus, LEASE_MS)).toBe(1);
    expect(await unpublishedAttempts(store.db)).toEqual([]);
  });

  it("keeps a lease that heartbeats name, and tells a machine to stop what is no longer its own", async () => {
    await dispatch();
    expect((await beat(1)).cancelledTrialIds).toEqual([]);
    expect((await beat(2)).cancelledTrialIds).toEqual([first()]);
  });

  it("tells a machine that it does not know to announce itself", async () => {
    const message = create(HeartbeatSchema, { machineId: "m-nobody" });
    expect(await acceptHeartbeat(store, { machineId: "m-nobody", message, leaseMs: LEASE_MS })).toMatchObject(
      { announce: true },
    );
  });

  it("plans a trial again, one attempt later, when its lease ran out", async () => {
    await dispatch(1);
    await expect.poll(() => expireLeases(store, NOBODY_HEARD), { timeout: 5_000 }).toBe(1);
    expect(await states()).toEqual(["planned 1", "planned 0"]);
    await dispatch();
    expect(await states()).toEqual(["running 2", "planned 0"]);
  });

  it("gives a trial up when its machine was lost a dozen times, however its attempts are numbered", async () => {
    const lose = async () => {
      await dispatch();
      await store.db
        .update(attempts)
        .set({ leaseExpiresAt: new Date(0) })
        .where(eq(attempts.state, "leased"));
      expect(await expireLeases(store, NOBODY_HEARD)).toBe(1);
      const [trial] = await trialsOfSweep(store.db, "s-1");
      return `${trial?.state} ${trial?.attempt}`;
    };
    // As restoring a backup leaves it (docs/backup.md).
    await store.db.update(trials).set({ attempt: 1_000 });
    for (let lost = 1; lost < LEASES_PER_TRIAL; lost += 1)
      expect(await lose()).toBe(`planned ${1_000 + lost}`);
    expect(await lose()).toBe(`failed ${1_000 + LEASES_PER_TRIAL}`);
    expect((await trialsOfSweep(store.db, "s-1"))[0]?.failureClass).toBe("lease_lost");
  });

  it("ends an attempt that its machine says it works on for longer than any trial takes, and gives the trial up", async () => {
    await dispatch();
    expect((await beat(1)).cancelledTrialIds).toEqual([]);
    const takenBefore = (ms: number) =>
      store.db.execute(sql`update attempts set taken_at = now() - make_interval(secs => ${ms / 1000})`);
    await takenBefore(ATTEMPT_LIFE_MS_MAX - 60_000);
    expect((await beat(1)).cancelledTrialIds).toEqual([]);
    await takenBefore(ATTEMPT_LIFE_MS_MAX + 1_000);
    expect((await beat(1)).cancelledTrialIds).toEqual([first()]);
    const heard = { ...NOBODY_HEARD, machineIds: [machineId], orderWaits: async () => true };
    expect(await expireLeases(store, heard)).toBe(1);
    const [trial] = await trialsOfSweep(store.db, "s-1");
    expect([trial?.state, trial?.failureClass]).toEqual(["failed", "lease_lost"]);
    expect(trial?.failureMessage).toMatch(/^The machine said for 48 h that it works on this trial, /);
  });

  it("does not take a coordinator's absence of days for days of work", async () => {
    await dispatch();
    await beat(1);
    await store.db.execute(sql`
      update attempts set taken_at = now() - interval '9 days', lease_expires_at = now() - interval '8 days'`);
    expect(await expireLeases(store, NOBODY_HEARD)).toBe(1);
    expect(await states()).toEqual(["planned 1", "planned 0"]);
  });

  it("keeps the lease of an order that lies in the pipe while its machine is heard, and lets it go once it is not", async () => {
    const heard = {
      ...NOBODY_HEARD,
      machineIds: [machineId],
      orderWaits: (id: string) => orderWaits(parts.bus, id),
    };
    await dispatch(1);
    await expect.poll(() => expiredAttempts(store.db), { timeout: 5_000 }).toHaveLength(1);
    expect(await expireLeases(store, heard)).toBe(0);
    expect(await states()).toEqual(["running 1", "planned 0"]);
    await store.db.update(attempts).set({ leaseExpiresAt: new Date(0) });
    (await take()).done();
    await expect.poll(() => expireLeases(store, heard), { timeout: 5_000 }).toBe(1);
    expect(await states()).toEqual(["planned 1", "planned 0"]);
  });

  it("lets no lease run out for the time in which no coordinator was there to hear heartbeats", async () => {
    await dispatch(1);
    await extendAllLeases(store.db, LEASE_MS);
    expect(await expireLeases(store, NOBODY_HEARD)).toBe(0);
  });

  it("goes on after the whole of JetStream was wiped", async () => {
    const manager = await parts.bus.connection.jetstreamManager();
    await manager.streams.delete("OZONE_WORK");
    await manager.streams.delete("OZONE_RESULTS");
    await expect(dispatch()).rejects.toThrow();
    await ensureStreams(parts.bus);
    await ensureWorkConsumer(parts.bus, machineId, LEASE_MS);
    expect(await dispatch()).toBe(1);
    expect((await take()).order.trialId).toBe(first());
  });

  it("plans the confirmations when the screening has ended, and ends the sweep after them", async () => {
    for (let step = 0; step < 12; step += 1) {
      await advanceSweeps(
        store,
        { planner: targetPlanner, plugIns: NO_PLUG_INS, sharing: madeSharing() },
        (_id, thrown) => {
          throw thrown;
        },
      );
      if ((await findSweep(store.db, "s-1"))?.state !== "running") break;
      await dispatch();
      const running = (await trialsOfSweep(store.db, "s-1")).find(({ state }) => state === "running");
      if (!running) continue;
      const { id, attempt, configuration, purpose } = running;
      const result = madeResult({
        trialId: id,
        attempt,
        machineId,
        configuration,
        purpose,
        decode: [90, 91],
      });
      await recordResults(store, [arrivedResult(result).arrived]);
    }
    expect((await findSweep(store.db, "s-1"))?.state).toBe("done");
    expect((await countTrials(store.db, "s-1")).done).toBeGreaterThan(2);
  });
});
