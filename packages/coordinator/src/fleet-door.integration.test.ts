// The door of the fleet on real Postgres and NATS: machines that flood it, and machines that say the same again.
import { create, toBinary } from "@bufbuild/protobuf";
import { ApplyingOutcomeSchema, ApplyingQuestionSchema } from "@ozone/proto/applying";
import { AnnouncementSchema, HeartbeatSchema } from "@ozone/proto/machine";
import {
  announce,
  askAboutApplying,
  type Bus,
  connectBus,
  orderWaits,
  sendHeartbeat,
  takeTrialOrder,
} from "@ozone/shared/bus";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createChangeSignal } from "./change-signal.ts";
import { dispatchTrials } from "./dispatch/dispatch-trials.ts";
import { expireLeases } from "./dispatch/expire-leases.ts";
import { eventually } from "./embedded/testing/stage.ts";
import type { Refused } from "./fleet/control-gate.ts";
import { machinesOnline } from "./fleet/machines-online.ts";
import { listenToFleet } from "./fleet-door.ts";
import type { Store } from "./store/open-store.ts";
import { trialsOfSweep } from "./store/trials.ts";
import { madeAnnouncement, storeSweep, trialId } from "./testing/made-sweep.ts";
import { openRealParts, type RealParts } from "./testing/real-parts.ts";

const LEASE_MS = 30_000;
/** What a machine has saved up (fleet/control-gate.ts). */
const HEARTBEATS_SAVED = 200;
const ANNOUNCEMENTS_SAVED = 20;

let parts: RealParts;
let store: Store;
let honest: Bus;
let liar: Bus;
let stop: () => void;
let refused: Refused[];
let wakes: number;
/** Of the door: allowances come back only when a test lets time pass. */
let nowMs: number;

beforeAll(async () => {
  parts = await openRealParts();
  honest = await connectBus({ url: parts.natsUrl, name: "honest" });
  liar = await connectBus({ url: parts.natsUrl, name: "liar" });
});
afterAll(async () => {
  await honest?.close();
  await liar?.close();
  await parts?.close();
});
beforeEach(async () => {
  store = await parts.newStore();
  [refused, wakes, nowMs] = [[], 0, 0];
  const wake = () => {
    wakes += 1;
  };
  stop = listenToFleet({
    ...{
      store,
      bus: parts.bus,
      tasks: { wake, applyingWaits: () => false },
      changes: createChangeSignal(),
      leaseMs: LEASE_MS,
    },
    onError: () => undefined,
    onRefused: (one) => refused.push(one),
    now: () => nowMs,
  });
  // The others come on connections of their own: the server must know first that somebody listens.
  await parts.bus.connection.flush();
});
afterEach(() => stop());

const refusedOf = (id: string) => refused.filter(({ machineId }) => machineId === id).length;

/** Publishes so many of its own without waiting for answers. @returns how many were answered so far */
async function flood(
  kind: "heartbeat" | "announce",
  machineId: string,
  count: number,
): Promise<() => number> {
  let answers = 0;
  const reply = `_INBOX.flood-${kind}-${machineId}`;
  liar.connection.subscribe(reply, {
    callback: () => {
      answers += 1;
    },
  });
  for (let number = 0; number < count; number += 1) {
    // Each says something else, and names a pull and a trial: as much work as it can make.
    const activity = `flood ${number}`;
    const heartbeat = create(HeartbeatSchema, {
      machineId,
      activity,
      trialId: trialId(1, "m-honest"),
      attempt: 1,
    });
    const announcement = { ...madeAnnouncement(machineId), agentVersion: activity };
    const data =
      kind === "heartbeat"
        ? toBinary(HeartbeatSchema, heartbeat)
        : toBinary(AnnouncementSchema, announcement);
    liar.connection.publish(`ozone.v1.${kind}.${machineId}`, data, { reply });
  }
  await liar.connection.flush();
  return () => answers;
}

describe("a machine that floods its own subjects", () => {
  it("is heard as often as its allowance says, while an honest one is answered each time and keeps its lease", async () => {
    await storeSweep(store, 1, "m-honest");
    await announce(honest, madeAnnouncement("m-honest"));
    expect(await dispatchTrials(store, parts.bus, { machineIds: ["m-honest"], leaseMs: LEASE_MS })).toBe(1);
    const [heartbeats, announcements] = [20_000, 5_000];
    const answeredBeats = await flood("heartbeat", "m-liar", heartbeats);
    const answeredAnnouncements = await flood("announce", "m-liar", announcements);
    const beat = create(HeartbeatSchema, {
      machineId: "m-honest",
      trialId: trialId(1, "m-honest"),
      attempt: 1,
    });
    for (let round = 0; round < 30; round += 1) {
      expect(await sendHeartbeat(honest, beat)).toMatchObject({ cancelledTrialIds: [], announce: false });
    }
    expect(await announce(honest, madeAnnouncement("m-honest"))).toMatchObject({ accepted: true });
    // Each of the flood was answered or refused.
    const settled = () => answeredBeats() + answeredAnnouncements() + refusedOf("m-liar");
    await eventually(settled, (count) => count === heartbeats + announcements);
    expect(answeredBeats()).toBeLessThanOrEqual(HEARTBEATS_SAVED);
    expect(answeredAnnouncements()).toBeLessThanOrEqual(ANNOUNCEMENTS_SAVED);
    expect(answeredBeats()).toBeGreaterThan(0);
    const tooOften = refused.filter(({ why }) => why === "too_often").length;
    expect(tooOften).toBe(heartbeats - HEARTBEATS_SAVED + announcements - ANNOUNCEMENTS_SAVED);
    expect(refusedOf("m-honest")).toBe(0);
    expect(wakes).toBe(1);
    const leases = { leaseMs: LEASE_MS, machineIds: ["m-honest"], orderWaits: async () => false };
    expect(await expireLeases(store, leases)).toBe(0);
    const trials = await trialsOfSweep(store.db, "s-1");
    expect(trials.map(({ state, attempt }) => [state, attempt])).toEqual([["running", 1]]);
  });

  it("is heard again when its allowance has come back", async () => {
    const answered = await flood("announce", "m-sorry", 100);
    await eventually(
      () => answered() + refusedOf("m-sorry"),
      (count) => count === 100,
    );
    nowMs += 10_000;
    expect(await announce(liar, madeAnnouncement("m-sorry"))).toMatchObject({ accepted: true });
    expect((await machinesOnline(store, LEASE_MS)).map(({ id }) => id)).toEqual(["m-sorry"]);
  });
});

describe("a question about applying", () => {
  it("has twenty of its outcomes noted at most, so that the agent says the others again", async () => {
    await announce(honest, madeAnnouncement("m-1"));
    const outcomes = Array.from({ length: 50 }, (_, number) =>
      create(ApplyingOutcomeSchema, { orderId: `nobody-knows-${number}` }),
    );
    const question = create(ApplyingQuestionSchema, { machineId: "m-1", outcomes });
    const { recordedOrderIds } = await askAboutApplying(honest, question);
    expect(recordedOrderIds).toEqual(outcomes.slice(0, 20).map(({ orderId }) => orderId));
  });
});

describe("an announcement that says nothing new", () => {
  it("counts as a sign of life, writes nothing else, and wakes nobody", async () => {
    await announce(honest, madeAnnouncement("m-1"));
    expect(wakes).toBe(1);
    await store.db.execute("update machines set last_seen_at = to_timestamp(0), host_id = 'as it was'");
    nowMs += 60_000;
    await announce(honest, madeAnnouncement("m-1"));
    expect(wakes).toBe(1);
    expect(await machinesOnline(store, LEASE_MS)).toHaveLength(1);
    const { rows } = await store.db.execute("select host_id from machines");
    expect(rows).toEqual([{ host_id: "as it was" }]);
    nowMs += 60_000;
    await announce(honest, { ...madeAnnouncement("m-1"), defaultThreads: 17 });
    expect(wakes).toBe(2);
    const [machine] = await machinesOnline(store, LEASE_MS);
    expect(machine?.announcement.defaultThreads).toBe(17);
  });

  it("asks nothing of JetStream when it comes once a minute, and makes what is missing when it comes again soon", async () => {
    const manager = await parts.bus.connection.jetstreamManager();
    const exists = () =>
      manager.consumers.info("OZONE_WORK", "work-m-2").then(
        () => true,
        () => false,
      );
    await announce(honest, madeAnnouncement("m-2"));
    expect(await exists()).toBe(true);
    await manager.consumers.delete("OZONE_WORK", "work-m-2");
    nowMs += 60_000;
    await announce(honest, madeAnnouncement("m-2"));
    expect(await exists()).toBe(false);
    // An agent that finds no consumer announces itself again, a second or two later.
    nowMs += 1_500;
    await announce(honest, madeAnnouncement("m-2"));
    expect(await exists()).toBe(true);
  });

  it("has streams made again that the bus has lost, for an agent that finds no work", async () => {
    await announce(honest, madeAnnouncement("m-3"));
    const manager = await parts.bus.connection.jetstreamManager();
    for (const name of ["OZONE_WORK", "OZONE_RESULTS"]) await manager.streams.delete(name);
    nowMs += 600_000;
    const signal = AbortSignal.timeout(60_000);
    const takes = () =>
      takeTrialOrder(honest, "m-3", { waitMs: 1_000, signal }).then(
        () => "no order yet",
        () => "nothing is there",
      );
    expect(await takes()).toBe("nothing is there");
    const tries: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      nowMs += 1_500;
      await announce(honest, madeAnnouncement("m-3"));
      tries.push(await takes());
    }
    expect(tries).toEqual(["nothing is there", "no order yet"]);
    expect(await orderWaits(parts.bus, "m-3")).toBe(false);
  });
});
