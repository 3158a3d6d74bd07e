// Results that their machines signed, on a real Postgres: what is kept, what is refused, what leaves with a report.

import { ReceiptOutcome } from "@ozone/proto/trial";
import { makeMachineKey, signResult } from "@ozone/shared/bus";
import { isResultSignedBy } from "@ozone/shared/result-signature";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { buildReport } from "../reports/build-report.ts";
import { dropRaw } from "../retention/drop-raw.ts";
import { saveIdentity } from "../store/machine-identities.ts";
import type { Store } from "../store/open-store.ts";
import { countQuarantine } from "../store/quarantine.ts";
import { trialsOfSweep } from "../store/trials.ts";
import { madeResult, point } from "../testing/made-results.ts";
import { arrivedResult, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { recordResults } from "./record-results.ts";

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

async function record(signer: typeof key | null) {
  const { arrived } = arrivedResult(RESULT);
  const signature = signer && signResult(signer, arrived.payload);
  const [recorded] = await recordResults(store, [{ ...arrived, signature }]);
  return { outcome: recorded?.receipt?.outcome, reason: recorded?.receipt?.reason, payload: arrived.payload };
}

async function signedInReport() {
  const signed = [];
  for await (const part of buildReport(store, { sweepId: "s-1", leaseMs: 30_000 }))
    signed.push(...part.signed);
  return signed;
}

it("a result that its machine signed is kept with its signature, and leaves with the report as it was signed", async () => {
  const { outcome, payload } = await record(key);
  expect(outcome).toBe(ReceiptOutcome.STORED);
  const [signed, ...others] = await signedInReport();
  expect(others).toEqual([]);
  expect(signed?.publicKey).toBe(key.publicKey);
  expect(Buffer.from(signed?.payload ?? [])).toEqual(Buffer.from(payload));
  expect(
    isResultSignedBy(key.publicKey, signed?.payload ?? payload, signed?.signature ?? new Uint8Array()),
  ).toBe(true);
});

it("one that another key signed is kept in quarantine, and its attempt ends as failed", async () => {
  expect(await record(makeMachineKey())).toMatchObject({
    outcome: ReceiptOutcome.REFUSED,
    reason: "The result can't be counted: its signature is not that of the machine's key.",
  });
  expect(await countQuarantine(store.db)).toBe(1);
  expect((await trialsOfSweep(store.db, "s-1"))[0]?.failedAttempts).toBe(1);
  expect(await signedInReport()).toEqual([]);
});

it("one that nobody signed counts, as agents before this did not sign; it is in no list of signed ones", async () => {
  expect((await record(null)).outcome).toBe(ReceiptOutcome.STORED);
  expect(await signedInReport()).toEqual([]);
});

it("one that lost its raw details is not what was signed any more, and is not passed off as that", async () => {
  await record(key);
  await dropRaw(store, -60_000);
  expect(await signedInReport()).toEqual([]);
});
