import { create, toBinary } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "@ozone/proto/machine";
import { ReceiptOutcome, TrialOrderSchema } from "@ozone/proto/trial";
import { ensureWorkConsumer, publishTrialOrder, takeTrialOrder } from "@ozone/shared/bus";
import { PROTOCOL_VERSION } from "@ozone/shared/protocol-version";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { recordResults } from "../intake/record-results.ts";
import { describeMachine } from "../store/describe-machine.ts";
import { listMachines } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { listTargets } from "../store/sweeps.ts";
import { trialsOfSweep } from "../store/trials.ts";
import { madeResult } from "../testing/made-results.ts";
import { arrivedResult, madeAnnouncement, storeSweep, trialId } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { approveMachine, removeMachine, revokeMachine } from "./admit-machine.ts";
import { acceptAnnouncement, acceptHeartbeat, machinesOnline } from "./machines-online.ts";

const LEASE_MS = 30_000;
let parts: RealParts;
let store: Store;
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
  machineId = `m-a${tests}`;
  store = await parts.newStore();
  await storeSweep(store, 2, machineId);
  await ensureWorkConsumer(parts.bus, machineId, LEASE_MS);
});

const states = async () =>
  (await trialsOfSweep(store.db, "s-1")).map(({ state, attempt }) => `${state} ${attempt}`);
const online = async () => (await machinesOnline(store, LEASE_MS)).map(({ id }) => id);
const dispatch = async () =>
  dispatchTrials(store, parts.bus, { machineIds: await online(), leaseMs: LEASE_MS });
const result = () =>
  arrivedResult(madeResult({ trialId: trialId(1, machineId), attempt: 1, machineId })).arrived;

describe("a machine whose agent is of another release", () => {
  const say = (protocolVersion: number, factsJson?: string) =>
    acceptAnnouncement(store, {
      machineId,
      message: Object.assign(madeAnnouncement(machineId), {
        protocolVersion,
        ...(factsJson && { factsJson }),
      }),
      leaseMs: LEASE_MS,
    });
  const listed = async () => {
    const [row] = await listMachines(store.db);
    if (!row) throw new Error("no machine is listed");
    return describeMachine(row, LEASE_MS);
  };

  it("is told what the coordinator speaks, and is listed without a problem a release away", async () => {
    expect(await say(PROTOCOL_VERSION + 1)).toMatchObject({
      reply: { accepted: true, protocolVersion: PROTOCOL_VERSION },
    });
    expect(await listed()).toMatchObject({ versionProblem: "", protocolVersion: PROTOCOL_VERSION + 1 });
    await say(0);
    expect(await listed()).toMatchObject({ versionProblem: "", protocolVersion: 1 });
  });

  it("is listed with the reason two releases away, also where its facts can't be read here", async () => {
    expect(await say(PROTOCOL_VERSION + 2, '{"of":"tomorrow"}')).toMatchObject({ reply: { accepted: true } });
    const { versionProblem, status } = await listed();
    expect([status, versionProblem]).toEqual(["online", expect.stringMatching(/it gets no orders; upgrade/)]);
    expect(await say(PROTOCOL_VERSION, '{"of":"tomorrow"}')).toMatchObject({ reply: { accepted: false } });
  });
});

describe("a machine that is revoked", () => {
  it("has its trials taken back, is given no others, and its results do not count", async () => {
    await dispatch();
    expect(await states()).toEqual(["running 1", "planned 0"]);
    await revokeMachine(store, machineId, "a test");
    expect([await states(), await online(), await dispatch()]).toEqual([["planned 1", "planned 0"], [], 0]);
    const [recorded] = await recordResults(store, [result()]);
    expect(recorded?.receipt).toMatchObject({
      outcome: ReceiptOutcome.REFUSED,
      reason: `${machineId} was revoked.`,
    });
    expect([await states(), recorded?.touched]).toEqual([["planned 1", "planned 0"], null]);
  });

  it("can't announce itself or come back by a heartbeat, until it is let in again", async () => {
    await revokeMachine(store, machineId, "a test");
    const announcing = { machineId, message: madeAnnouncement(machineId), leaseMs: LEASE_MS };
    expect(await acceptAnnouncement(store, announcing)).toMatchObject({ reply: { accepted: false } });
    const message = create(HeartbeatSchema, { machineId });
    expect(await acceptHeartbeat(store, { machineId, message, leaseMs: LEASE_MS })).toMatchObject({
      announce: true,
    });
    expect(await online()).toEqual([]);
    await approveMachine(store, machineId, "a test");
    expect(await acceptAnnouncement(store, announcing)).toMatchObject({ reply: { accepted: true } });
    expect(await online()).toEqual([machineId]);
  });
});

describe("a machine that is removed", () => {
  it("ends its part of every sweep and stays known, so that nobody takes its place", async () => {
    await dispatch();
    await removeMachine(store, machineId, "a test");
    expect(await states()).toEqual(["cancelled 1", "cancelled 0"]);
    const [target] = await listTargets(store.db, "s-1");
    expect(target).toMatchObject({ finished: true, notes: [expect.stringContaining("was removed")] });
    await expect(approveMachine(store, machineId, "a test")).rejects.toThrow(/There is no machine/);
    await expect(removeMachine(store, machineId, "a test")).rejects.toThrow(/There is no machine/);
  });
});

describe("an order that is another machine's", () => {
  it("is not taken from the own subject", async () => {
    const other = `${machineId}-other`;
    await ensureWorkConsumer(parts.bus, other, LEASE_MS);
    const order = create(TrialOrderSchema, { trialId: `x-${machineId}`, attempt: 1, machineId });
    parts.bus.connection.publish(`ozone.v1.work.${other}`, toBinary(TrialOrderSchema, order));
    // What a server answers another machine, where that machine wanted it.
    parts.bus.connection.publish(`ozone.v1.work.${other}`, '{"stream":"OZONE_RESULTS", "seq":2}');
    const signal = AbortSignal.timeout(20_000);
    expect(await takeTrialOrder(parts.bus, other, { waitMs: 1_000, signal })).toBeNull();
    expect(await takeTrialOrder(parts.bus, other, { waitMs: 1_000, signal })).toBeNull();
    const own = create(TrialOrderSchema, { trialId: `y-${machineId}`, attempt: 1, machineId: other });
    await publishTrialOrder(parts.bus, own);
    expect((await takeTrialOrder(parts.bus, other, { waitMs: 5_000, signal }))?.order.trialId).toMatch(/^y-/);
  });
});
