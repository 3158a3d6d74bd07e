// Messages in quarantine through the API's handlers, on a real Postgres.
import { create } from "@bufbuild/protobuf";
import {
  DropQuarantinedRequestSchema,
  ListQuarantineRequestSchema,
  RetryQuarantinedRequestSchema,
  ShowQuarantinedRequestSchema,
} from "@ozone/proto/quarantine_service";
import { ReceiptOutcome, type TrialResult } from "@ozone/proto/trial";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { quarantineHandlers } from "../api/quarantine.ts";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { newestActs } from "../store/acts.ts";
import type { Store } from "../store/open-store.ts";
import { countQuarantine, quarantineMessage } from "../store/quarantine.ts";
import { type PresetKey, presetKeyOf, resultsOfSweep } from "../store/results.ts";
import { trialsOfSweep } from "../store/trials.ts";
import { madeResult, point } from "../testing/made-results.ts";
import { arrivedResult, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";

let parts: RealParts;
let store: Store;
let counted: PresetKey[];

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(async () => {
  await parts.close();
});
beforeEach(async () => {
  store = await parts.newStore();
  counted = [];
  await storeSweep(store, 2);
  await dispatchTrials(store, parts.bus, { machineIds: ["m-1"], leaseMs: 30_000 });
});

const call = {
  signal: new AbortController().signal,
  caller: { isOutside: true, who: "ada (role token rt-1)" },
  authority: "",
};
const handlers = () => quarantineHandlers({ store, counted: (key) => counted.push(key) });
const list = (machineId = "") =>
  handlers().listQuarantine(create(ListQuarantineRequestSchema, { machineId }), call);
const show = (id: bigint) => handlers().showQuarantined(create(ShowQuarantinedRequestSchema, { id }), call);
const retry = (id: bigint) =>
  handlers().retryQuarantined(create(RetryQuarantinedRequestSchema, { id }), call);
const drop = (values: { ids?: bigint[]; machineId?: string; olderThanMs?: bigint; countOnly?: boolean }) =>
  handlers().dropQuarantined(create(DropQuarantinedRequestSchema, values), call);
const own = () => madeResult({ trialId: "t-1", configuration: point({ numCtx: 1024 }) });
const states = async () =>
  (await trialsOfSweep(store.db, "s-1")).map(({ state, attempt }) => `${state} ${attempt}`);

/** Quarantines as an older coordinator would have that could not read the message. */
async function keep(result: TrialResult | Uint8Array, machineId = "m-1"): Promise<bigint> {
  const payload = result instanceof Uint8Array ? result : arrivedResult(result).arrived.payload;
  await quarantineMessage(store.db, { machineId, reason: "not understood", payload, signature: null });
  return (await list()).messages[0]?.id ?? 0n;
}

describe("a message in quarantine", () => {
  it("is listed with its sender and reason, and what can be read of it is shown", async () => {
    const id = await keep(own());
    await keep(Uint8Array.of(255, 1, 2, 3), "m-2");
    const { messages, total } = await list("m-1");
    expect([messages.length, total, (await list()).total]).toEqual([1, 1, 2]);
    expect(messages[0]).toMatchObject({ id, machineId: "m-1", reason: "not understood", cut: false });
    const { message, readable, readableBytes } = await show(id);
    expect(readable).toEqual(own());
    expect(readableBytes).toBe(message?.keptBytes);
    await expect(show(id + 99n)).rejects.toThrow(/no message .* in quarantine/);
  });

  it("is counted once by a retry that understands it, and has left then", async () => {
    const id = await keep(own());
    expect(await retry(id)).toMatchObject({ outcome: ReceiptOutcome.STORED, reason: "", released: true });
    expect([await states(), await countQuarantine(store.db)]).toEqual([["done 1", "planned 0"], 0]);
    expect(await resultsOfSweep(store.db, "s-1")).toEqual([own()]);
    expect(counted).toEqual([presetKeyOf(own())]);
    const again = await keep(own());
    expect(await retry(again)).toMatchObject({ outcome: ReceiptOutcome.DUPLICATE, released: true });
    expect(await resultsOfSweep(store.db, "s-1")).toHaveLength(1);
    await expect(retry(again)).rejects.toThrow(/no message/);
  });

  it("is counted once when two people retry it at the same moment", async () => {
    const id = await keep(own());
    await Promise.allSettled([retry(id), retry(id), retry(id)]);
    expect(await resultsOfSweep(store.db, "s-1")).toHaveLength(1);
    expect(await countQuarantine(store.db)).toBe(0);
  });

  it("stays, and moves nothing, when it is still refused, of another's trial, or stale", async () => {
    const foreign = await keep(madeResult({ trialId: "t-1", machineId: "m-2" }), "m-2");
    const rubbish = await keep(Uint8Array.of(255, 1, 2, 3));
    const stale = await keep(madeResult({ trialId: "t-1", attempt: 7 }));
    for (const id of [foreign, rubbish]) {
      expect(await retry(id)).toMatchObject({ outcome: ReceiptOutcome.REFUSED, released: false });
    }
    expect(await retry(stale)).toMatchObject({ outcome: ReceiptOutcome.STALE, released: false });
    expect([await states(), await countQuarantine(store.db)]).toEqual([["running 1", "planned 0"], 3]);
    expect(counted).toEqual([]);
  });

  it("that was too large to be kept whole is not tried again", async () => {
    const id = await keep(new Uint8Array(300_000));
    expect((await show(id)).message).toMatchObject({ cut: true, keptBytes: 262_144 });
    await expect(retry(id)).rejects.toThrow(/too large to be kept whole/);
  });

  it("is dropped by its number, machine or age, and never for want of a choice", async () => {
    const id = await keep(own());
    await keep(Uint8Array.of(1), "m-2");
    await keep(Uint8Array.of(2), "m-2");
    await expect(drop({})).rejects.toThrow(/Name messages/);
    await expect(drop({ ids: [id], machineId: "m-2" })).rejects.toThrow(/Name messages/);
    expect((await drop({ machineId: "m-2", olderThanMs: 3_600_000n })).messages).toBe(0);
    expect((await drop({ machineId: "m-2", countOnly: true })).messages).toBe(2);
    expect(await countQuarantine(store.db)).toBe(3);
    expect((await drop({ machineId: "m-2" })).messages).toBe(2);
    expect((await drop({ ids: [id] })).messages).toBe(1);
    expect((await drop({ ids: [id] })).messages).toBe(0);
    const acts = await newestActs(store.db, 10);
    expect(acts.map(({ what, about, detail }) => [what, about, detail])).toEqual([
      ["dropped from quarantine", "", `messages ${id}`],
      ["dropped from quarantine", "m-2", "2 messages of m-2"],
    ]);
    expect(new Set(acts.map(({ who }) => who))).toEqual(new Set([call.caller.who]));
  });
});
