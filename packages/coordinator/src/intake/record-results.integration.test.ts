import { Purpose } from "@ozone/proto/configuration";
import { ReceiptOutcome } from "@ozone/proto/trial";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { expireLeases } from "../dispatch/expire-leases.ts";
import type { Store } from "../store/open-store.ts";
import { countQuarantine } from "../store/quarantine.ts";
import { resultsOfSweep } from "../store/results.ts";
import { trialsOfSweep } from "../store/trials.ts";
import { madeResult, point } from "../testing/made-results.ts";
import { arrivedResult, NOBODY_HEARD, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { recordResults } from "./record-results.ts";

let parts: RealParts;
let store: Store;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(async () => {
  await parts.close();
});
beforeEach(async () => {
  store = await parts.newStore();
  await storeSweep(store, 2);
});

const dispatch = (leaseMs = 30_000) => dispatchTrials(store, parts.bus, { machineIds: ["m-1"], leaseMs });
const result = (trialId = "t-1", attempt = 1) =>
  madeResult({ trialId, attempt, configuration: point({ numCtx: 1024 }) });
const record = async (...results: Parameters<typeof arrivedResult>[0][]) =>
  (
    await recordResults(
      store,
      results.map((each) => arrivedResult(each).arrived),
    )
  ).map(({ receipt }) => receipt?.outcome);
const states = async () =>
  (await trialsOfSweep(store.db, "s-1")).map(({ state, attempt }) => `${state} ${attempt}`);

describe("recording results on a real Postgres", () => {
  it("stores a result once and its trial is done", async () => {
    await dispatch();
    expect(await record(result())).toEqual([ReceiptOutcome.STORED]);
    expect(await states()).toEqual(["done 1", "planned 0"]);
    expect(await resultsOfSweep(store.db, "s-1")).toEqual([result()]);
  });

  it("counts a result once however often and however close together it arrives", async () => {
    await dispatch();
    expect(await record(result(), result())).toEqual([ReceiptOutcome.STORED, ReceiptOutcome.DUPLICATE]);
    const outcomes = await Promise.all([record(result()), record(result()), record(result())]);
    expect(outcomes.flat()).toEqual(Array(3).fill(ReceiptOutcome.DUPLICATE));
    expect(await resultsOfSweep(store.db, "s-1")).toHaveLength(1);
  });

  it("counts one of two copies that arrive at two coordinators at the same moment", async () => {
    await dispatch();
    const outcomes = (await Promise.all([record(result()), record(result())])).flat().sort();
    expect(outcomes).toEqual([ReceiptOutcome.STORED, ReceiptOutcome.DUPLICATE]);
  });

  it("refuses the zombie: an attempt whose lease was given away can't write", async () => {
    await dispatch(1);
    await expectLeaseToEnd();
    await dispatch();
    expect(await states()).toEqual(["running 2", "planned 0"]);
    expect(await record(result("t-1", 1))).toEqual([ReceiptOutcome.STALE]);
    expect(await resultsOfSweep(store.db, "s-1")).toEqual([]);
    expect(await record(result("t-1", 2))).toEqual([ReceiptOutcome.STORED]);
  });

  it("puts what can't be counted into quarantine and stores the others of the batch", async () => {
    await dispatch();
    const foreign = madeResult({ trialId: "t-1", machineId: "m-2" });
    const unknown = madeResult({ trialId: "t-99" });
    expect(await record(foreign, unknown, result())).toEqual([
      ReceiptOutcome.REFUSED,
      ReceiptOutcome.REFUSED,
      ReceiptOutcome.STORED,
    ]);
    expect(await countQuarantine(store.db)).toBe(2);
  });

  it.each([
    ["another sweep", { sweepId: "s-2" }, /another sweep/],
    ["another configuration", { configuration: point({ numCtx: 8192 }) }, /another configuration/],
    ["another purpose", { purpose: Purpose.CONFIRM }, /another purpose/],
    ["another model", { modelDigest: "sha256:def" }, /another model/],
  ])("counts nothing under the name of %s than was ordered, and ends the attempt", async (_, change, why) => {
    await dispatch();
    const claim = { ...result(), ...change };
    const [recorded] = await recordResults(store, [arrivedResult(claim).arrived]);
    expect(recorded?.receipt).toMatchObject({
      outcome: ReceiptOutcome.REFUSED,
      reason: expect.stringMatching(why),
    });
    expect([await resultsOfSweep(store.db, ""), await countQuarantine(store.db)]).toEqual([[], 1]);
    expect(await states()).toEqual(["planned 1", "planned 0"]);
  });

  it("is not held up by texts that Postgres does not take, in a failure's words or anywhere else", async () => {
    await dispatch();
    const about = { trialId: "t-1", configuration: point({ numCtx: 1024 }), failureClass: "engine_crashed" };
    const said = madeResult(about);
    if (said.failure) said.failure.message = `crashed\0${"x".repeat(10_000)}`;
    expect(await record(said)).toEqual([ReceiptOutcome.STORED]);
    const [trial] = await trialsOfSweep(store.db, "s-1");
    expect(trial?.failureMessage).toMatch(/^crashedx{1993}$/);

    const nowhere = { ...result("t-1\0", 1) };
    const [refused, other] = await record(nowhere, result("t-none"));
    expect([refused, other]).toEqual([ReceiptOutcome.REFUSED, ReceiptOutcome.REFUSED]);
    expect(await countQuarantine(store.db)).toBe(2);
  });

  it("keeps a garbled message out of the way of the others", async () => {
    await dispatch();
    const garbled = { ...arrivedResult(result()).arrived, payload: new Uint8Array([255, 1, 2, 3]) };
    const outcomes = await recordResults(store, [garbled, arrivedResult(result()).arrived]);
    expect(outcomes.map(({ receipt }) => receipt?.outcome)).toEqual([
      ReceiptOutcome.REFUSED,
      ReceiptOutcome.STORED,
    ]);
    expect(await countQuarantine(store.db)).toBe(1);
  });

  it("ends the attempt of a result that can't be counted, keeps it once, and tells its machine so", async () => {
    await dispatch();
    const broken = result();
    for (const sample of broken.samples) sample.checks = [];
    for (let sending = 0; sending < 3; sending += 1) {
      const [recorded] = await recordResults(store, [arrivedResult(broken).arrived]);
      expect(recorded?.receipt).toMatchObject({
        trialId: "t-1",
        attempt: 1,
        outcome: ReceiptOutcome.REFUSED,
      });
    }
    expect(await countQuarantine(store.db)).toBe(1);
    expect(await states()).toEqual(["planned 1", "planned 0"]);
  });

  it("keeps both attempts of a trial that crashed once, and counts the second", async () => {
    await dispatch();
    const about = { trialId: "t-1", configuration: point({ numCtx: 1024 }) };
    const crashed = madeResult({ ...about, failureClass: "runner_crashed" });
    expect(await record(crashed)).toEqual([ReceiptOutcome.STORED]);
    expect(await states()).toEqual(["planned 1", "planned 0"]);
    await dispatch();
    expect(await record(result("t-1", 2))).toEqual([ReceiptOutcome.STORED]);
    expect(await states()).toEqual(["done 2", "planned 0"]);
  });
});

/** Leases are counted by Postgres' clock; a lease of a millisecond ends as soon as it is looked at. */
async function expectLeaseToEnd(): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    if ((await expireLeases(store, NOBODY_HEARD)) === 1) return;
  }
  throw new Error(`the lease did not end: ${(await states()).join(", ")}`);
}
