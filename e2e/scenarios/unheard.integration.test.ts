// An agent whose messages the coordinator does not read: it goes on, asks again, and keeps what it has in hand.
import { create, toBinary } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "@ozone/proto/machine";
import { announce, type Bus, connectBus } from "@ozone/shared/bus";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HeartbeatPorts, startHeart } from "../../packages/agent/src/control/heartbeat.ts";
import { WorkState } from "../../packages/agent/src/control/work-state.ts";
import { createChangeSignal } from "../../packages/coordinator/src/change-signal.ts";
import { dispatchTrials } from "../../packages/coordinator/src/dispatch/dispatch-trials.ts";
import { listenToFleet } from "../../packages/coordinator/src/fleet-door.ts";
import type { Store } from "../../packages/coordinator/src/store/open-store.ts";
import { trialsOfSweep } from "../../packages/coordinator/src/store/trials.ts";
import { madeAnnouncement, storeSweep, trialId } from "../../packages/coordinator/src/testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../../packages/coordinator/src/testing/real-parts.ts";
import { floodControl } from "../setup/hostile-messages.ts";
import { waitFor } from "../setup/wait-for.ts";

const LEASE_MS = 30_000;
const machineId = "m-1";

let parts: RealParts;
let store: Store;
let bus: Bus;
let stop: () => void;
let nowMs = 0;
let refused = 0;

beforeAll(async () => {
  parts = await openRealParts();
  store = await parts.newStore();
  bus = await connectBus({ url: parts.natsUrl, name: "agent" });
  stop = listenToFleet({
    ...{ store, bus: parts.bus, changes: createChangeSignal(), leaseMs: LEASE_MS },
    tasks: { wake: () => undefined, applyingWaits: () => false },
    onError: () => undefined,
    onRefused: () => {
      refused += 1;
    },
    now: () => nowMs,
  });
  await parts.bus.connection.flush();
});
afterAll(async () => {
  stop?.();
  await bus?.close();
  await parts?.close();
});

it("beats on while nothing of it is read, and has lost nothing once it is heard again", async () => {
  await storeSweep(store, 1, machineId);
  await announce(bus, madeAnnouncement(machineId));
  await dispatchTrials(store, parts.bus, { machineIds: [machineId], leaseMs: LEASE_MS });
  // Its whole allowance is spent, as by an agent that went mad and was started again.
  const message = () => toBinary(HeartbeatSchema, create(HeartbeatSchema, { machineId }));
  const answered = await floodControl(bus, { kind: "heartbeat", machineId }, { count: 1_000, message });
  await waitFor("a spent allowance", () => answered() + refused, { until: (count) => count === 1_000 });
  const state = new WorkState();
  const current = state.begin(trialId(1, machineId), 1);
  state.say("filling 4096 tokens");
  const outbox = { pending: () => [] } as unknown as HeartbeatPorts["outbox"];
  const ports = {
    bus,
    machineId,
    state,
    outbox,
    announce: async () => undefined,
    orders: { hear: () => undefined },
  };
  const before = refused;
  const heart = startHeart(ports, 1_000);
  await waitFor("two beats that nobody read", () => refused - before, { until: (count) => count >= 2 });
  nowMs += 10_000;
  const activity = async () =>
    (await store.db.execute<{ activity: string }>("select activity from machines")).rows;
  await waitFor("a beat that was read", activity, {
    until: (rows) => rows[0]?.activity === "filling 4096 tokens",
  });
  await heart.stop();
  expect(current.abort.signal.aborted).toBe(false);
  const trials = await trialsOfSweep(store.db, "s-1");
  expect(trials.map(({ state: is, attempt }) => [is, attempt])).toEqual([["running", 1]]);
});
