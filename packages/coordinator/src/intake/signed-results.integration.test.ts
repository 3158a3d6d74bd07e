// Results that their machines signed, on a real Postgres: what is kept, what is refused, what leaves with a report.

import { ReceiptOutcome, Verdict } from "@ozone/proto/trial";
import { type ArrivedResult, makeMachineKey, signResult } from "@ozone/shared/bus";
import { LEASES_PER_TRIAL } from "@ozone/shared/limits";
import { isResultSignedBy } from "@ozone/shared/result-signature";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { expireLeases } from "../dispatch/expire-leases.ts";
import { buildReport } from "../reports/build-report.ts";
import { dropRaw } from "../retention/drop-raw.ts";
import { saveIdentity } from "../store/machine-identities.ts";
import type { Store } from "../store/open-store.ts";
import { countQuarantine, findQuarantined, listQuarantine, quarantineMessage } from "../store/quarantine.ts";
import { attempts } from "../store/schema/trials.ts";
import { trialsOfSweep } from "../store/trials.ts";
import { madeResult, point } from "../testing/made-results.ts";
import { arrivedResult, NOBODY_HEARD, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { recordResults } from "./record-results.ts";
import { retryQuarantined } from "./retry-quarantined.ts";

let parts: RealParts;
let store: Store;
const key = makeMachineKey();
const RESULT = madeResult({ configuration: point({ numCtx: 1024 }) });

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());
beforeEach(async () => {
  store = await parts.newStore();
  await storeSweep(store, 1);
  const identity = { machineId: "m-1", name: "lab-1", publicKey: key.publicKey, state: "approved" } as const;
  await store.db.transaction((tx) => saveIdentity(tx, identity));
  await dispatchTrials(store, parts.bus, { machineIds: ["m-1"], leaseMs: 30_000 });
});

/** As it arrives: the result, or bytes in its place, with the signature of this key. */
function arrived(signer: typeof key | null, payload: Uint8Array = arrivedResult(RESULT).arrived.payload) {
  const signature = signer && signResult(signer, payload);
  return { ...arrivedResult(RESULT).arrived, payload, signature };
}

async function record(...batch: ArrivedResult[]) {
  const recorded = await recordResults(store, batch);
  return recorded.map(({ receipt, countedAs, reason }) => ({ outcome: receipt?.outcome, countedAs, reason }));
}

async function states(): Promise<string[]> {
  const trials = await trialsOfSweep(store.db, "s-1");
  return trials.map(
    ({ state, attempt, failedAttempts }) => `${state} ${attempt}, failed ${failedAttempts} times`,
  );
}

/** No heartbeat names a trial whose result is in its machine's outbox: the lease runs out, though the machine is heard. */
async function endLease(): Promise<void> {
  await store.db
    .update(attempts)
    .set({ leaseExpiresAt: new Date(0) })
    .where(eq(attempts.state, "leased"));
  await expireLeases(store, { ...NOBODY_HEARD, machineIds: ["m-1"] });
}

async function signedInReport() {
  const signed = [];
  for await (const part of buildReport(store, { sweepId: "s-1", leaseMs: 30_000 }))
    signed.push(...part.signed);
  return signed;
}

const FOREIGN = {
  outcome: undefined,
  countedAs: "foreign_signature",
  reason: "The result can't be counted: its signature is not that of the machine's key.",
};
const STORED = { outcome: ReceiptOutcome.STORED, countedAs: "stored", reason: "" };

it("a result that its machine signed is kept with its signature, and leaves with the report as it was signed", async () => {
  const sent = arrived(key);
  expect(await record(sent)).toEqual([STORED]);
  const [signed, ...others] = await signedInReport();
  expect(others).toEqual([]);
  expect(signed?.publicKey).toBe(key.publicKey);
  expect(Buffer.from(signed?.payload ?? [])).toEqual(Buffer.from(sent.payload));
  expect(
    isResultSignedBy(key.publicKey, signed?.payload ?? sent.payload, signed?.signature ?? new Uint8Array()),
  ).toBe(true);
});

describe("one that another key signed", () => {
  const forger = makeMachineKey();
  /** Of the machine and its running attempt, and not to be counted: it has no verdict. */
  const unusable = arrivedResult({ ...RESULT, verdict: Verdict.UNSPECIFIED }).arrived.payload;

  it("is kept in quarantine and gets no receipt, and the real result that comes afterwards is counted", async () => {
    expect(await record(arrived(forger), arrived(forger, unusable))).toEqual([FOREIGN, FOREIGN]);
    const notStorable = arrivedResult({ ...RESULT, trialId: "t-1\0" }).arrived.payload;
    for (const payload of [Uint8Array.of(255, 1), notStorable])
      expect(await record({ ...arrived(forger, payload), attempt: { trialId: "t-1", attempt: 1 } })).toEqual([
        FOREIGN,
      ]);
    expect([await states(), await countQuarantine(store.db)]).toEqual([["running 1, failed 0 times"], 4]);
    expect(await signedInReport()).toEqual([]);
    expect(await record(arrived(key))).toEqual([STORED]);
    expect([await states(), (await signedInReport()).length]).toEqual([["done 1, failed 0 times"], 1]);
  });

  it("does not stand in the way of the real result in the same batch either, nor change what has ended", async () => {
    expect(await record(arrived(forger), arrived(key), arrived(forger))).toEqual([FOREIGN, STORED, FOREIGN]);
    expect(await states()).toEqual(["done 1, failed 0 times"]);
  });

  it("leaves its attempt to the end of its lease, though its machine is heard, and the next attempt is counted", async () => {
    await record(arrived(forger));
    await endLease();
    expect(await states()).toEqual(["planned 1, failed 0 times"]);
    await dispatchTrials(store, parts.bus, { machineIds: ["m-1"], leaseMs: 30_000 });
    const { payload } = arrivedResult({ ...RESULT, attempt: 2 }).arrived;
    expect(await record(arrived(key, payload))).toEqual([STORED]);
    expect(await states()).toEqual(["done 2, failed 0 times"]);
  });

  it("ends its trial at last where no other ever comes: a machine whose key is not the stored one holds up no sweep", async () => {
    for (let attempt = 1; attempt <= LEASES_PER_TRIAL; attempt += 1) {
      await dispatchTrials(store, parts.bus, { machineIds: ["m-1"], leaseMs: 30_000 });
      await record(arrived(forger, arrivedResult({ ...RESULT, attempt }).arrived.payload));
      await endLease();
    }
    expect(await states()).toEqual([`failed ${LEASES_PER_TRIAL}, failed 0 times`]);
  });
});

describe("a message in quarantine that is tried again", () => {
  const forger = makeMachineKey();
  const refused = { outcome: ReceiptOutcome.REFUSED, reason: FOREIGN.reason, released: false, touched: null };
  const stored = { outcome: ReceiptOutcome.STORED, reason: "", released: true };
  /** The newest message in quarantine, through the intake again. */
  const retry = async () => {
    const [newest] = await listQuarantine(store.db, "m-1", 1);
    return retryQuarantined(store, newest?.id ?? 0, "ada");
  };
  const keep = (signer: typeof key | null, reason: string) => {
    const { payload, signature = null } = arrived(signer);
    return quarantineMessage(store.db, { machineId: "m-1", reason, payload, signature });
  };
  const changeKey = (publicKey: string | null) =>
    store.db.transaction((tx) =>
      saveIdentity(tx, { machineId: "m-1", name: "lab-1", publicKey, state: "approved" }),
    );

  it("is refused again for the signature that it was refused for, with the same sentence, and moves nothing", async () => {
    await record(arrived(forger));
    for (let tries = 0; tries < 2; tries += 1) expect(await retry()).toEqual(refused);
    // Without a key there is nothing to hold the signature against, which is no reason to count it.
    await changeKey(null);
    expect(await retry()).toEqual(refused);
    expect([await states(), await countQuarantine(store.db)]).toEqual([["running 1, failed 0 times"], 1]);
  });

  it("is refused as well where its row is older than the column of signatures: its reason says that there was one", async () => {
    await keep(null, "The result can't be counted: its signature is not that of the machine's key.");
    expect(await retry()).toEqual(refused);
    expect(await states()).toEqual(["running 1, failed 0 times"]);
  });

  it("is refused for its signature where it was kept for another reason, before anybody looked at that", async () => {
    await keep(forger, "not understood");
    expect(await retry()).toEqual(refused);
  });

  it("counts with its signature when that is the machine's, and leaves with the report as signed", async () => {
    await keep(key, "not understood");
    expect(await retry()).toMatchObject(stored);
    expect((await signedInReport()).map(({ publicKey }) => publicKey)).toEqual([key.publicKey]);
  });

  it("counts once the machine has enrolled with the key that signed it", async () => {
    await record(arrived(forger));
    await changeKey(forger.publicKey);
    expect(await retry()).toMatchObject(stored);
    expect((await signedInReport()).map(({ publicKey }) => publicKey)).toEqual([forger.publicKey]);
  });

  it("keeps a bounded part of what came as its signature", async () => {
    const signature = Buffer.concat([signResult(key, arrived(key).payload), Buffer.alloc(100_000)]);
    expect(await record({ ...arrived(key), signature })).toEqual([FOREIGN]);
    const [newest] = await listQuarantine(store.db, "m-1", 1);
    expect((await findQuarantined(store.db, newest?.id ?? 0))?.signature).toHaveLength(65);
    expect(await retry()).toEqual(refused);
  });
});

it("one that its machine signed and that can't be counted ends its attempt as failed", async () => {
  const { payload } = arrivedResult({ ...RESULT, verdict: Verdict.UNSPECIFIED }).arrived;
  expect(await record(arrived(key, payload))).toMatchObject([{ outcome: ReceiptOutcome.REFUSED }]);
  expect(await states()).toEqual([expect.stringMatching(/failed 1 times$/)]);
});

it("one that nobody signed counts, as agents before this did not sign; it is in no list of signed ones", async () => {
  expect(await record(arrived(null))).toEqual([STORED]);
  expect(await signedInReport()).toEqual([]);
});

it("one that lost its raw details is not what was signed any more, and is not passed off as that", async () => {
  await record(arrived(key));
  await dropRaw(store, -60_000);
  expect(await signedInReport()).toEqual([]);
});
