// The desk for orders to apply, with a made coordinator in memory: what is lost on the way, comes twice, or is withdrawn.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ApplyingAction,
  ApplyingAnswerSchema,
  type ApplyingOrder,
  type ApplyingOutcome,
  ApplyingOutcomeSchema,
  type ApplyingQuestion,
} from "@ozone/proto/applying";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DeskPorts, OrderDesk } from "./order-desk.ts";
import { readRecord, writeRecord } from "./order-records.ts";

const ID = "r-1-0-apply";
const ORDER = { orderId: ID, action: ApplyingAction.APPLY, name: "mine:1" };

let folder: string;
let stop: AbortController;
let questions: ApplyingQuestion[];
let carried: string[];
/** What the coordinator answers next; it answers nothing when it is away. */
let answers: (MessageInitShape<typeof ApplyingAnswerSchema> | "away")[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ozone-desk-"));
  [stop, questions, carried, answers] = [new AbortController(), [], [], []];
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true, force: true });
});

const kept = (orderId: string): ApplyingOutcome =>
  create(ApplyingOutcomeSchema, { orderId, outcome: "kept", name: "mine:1", because: ["better"] });

async function carryOut(order: ApplyingOrder): Promise<ApplyingOutcome> {
  carried.push(order.orderId);
  const outcome = kept(order.orderId);
  await writeRecord(folder, { ...(await readRecord(folder, order.orderId)), outcome });
  return outcome;
}

async function openDesk(change: Partial<DeskPorts> = {}): Promise<OrderDesk> {
  return OrderDesk.open({
    machineId: "m-1",
    folder,
    stop: stop.signal,
    ask: async (question) => {
      questions.push(question);
      const answer = answers.shift() ?? {};
      if (answer === "away") throw new Error("nobody listens");
      return create(ApplyingAnswerSchema, answer);
    },
    carryOut,
    onActivity: () => undefined,
    onDone: () => undefined,
    log: () => undefined,
    ...change,
  });
}

/** One heartbeat, and all that follows from it. */
async function beat(desk: OrderDesk, waits = false): Promise<void> {
  desk.hear(waits);
  await desk.close();
}
const said = () =>
  questions.map(({ outcomes }) => outcomes.map(({ orderId, outcome }) => [orderId, outcome]));

describe("the desk for orders to apply", () => {
  it("asks nothing while there is nothing to ask or to say", async () => {
    await beat(await openDesk());
    expect(questions).toEqual([]);
  });

  it("carries an order out and says what came of it until the coordinator has it", async () => {
    const desk = await openDesk();
    answers = [{ order: ORDER }, "away", { order: ORDER }, { recordedOrderIds: [ID] }];
    await beat(desk, true);
    for (let more = 0; more < 5; more += 1) await beat(desk);
    expect(carried).toEqual([ID]);
    expect(said()).toEqual([[], [[ID, "kept"]], [[ID, "kept"]], [[ID, "kept"]]]);
  });

  it("answers an order that comes again with what came of it, also after a restart", async () => {
    answers = [{ order: ORDER }, { recordedOrderIds: [ID] }, { order: ORDER }];
    const desk = await openDesk();
    for (const waits of [true, false]) await beat(desk, waits);
    const again = await openDesk();
    for (const waits of [true, false]) await beat(again, waits);
    expect(carried).toEqual([ID]);
    expect(said()).toEqual([[], [[ID, "kept"]], [], [[ID, "kept"]]]);
  });

  it("says after a restart what an earlier agent could not say any more", async () => {
    answers = [{ order: ORDER }, "away"];
    await beat(await openDesk(), true);
    await beat(await openDesk());
    expect([carried, said()]).toEqual([[ID], [[], [[ID, "kept"]]]]);
  });

  it("stops what it has in hand when that is withdrawn, and says what came of it", async () => {
    const undone = create(ApplyingOutcomeSchema, { orderId: ID, outcome: "not applied" });
    const desk = await openDesk({
      carryOut: (_order, { signal }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve(undone))),
    });
    answers = [{ order: ORDER }, { order: ORDER }, { withdrawnOrderIds: [ID] }];
    desk.hear(true);
    await expect.poll(() => desk.busy).toBe(true);
    desk.hear(false);
    await expect.poll(() => questions.length).toBe(2);
    await expect
      .poll(() => {
        desk.hear(false);
        return questions.length;
      })
      .toBe(3);
    await desk.close();
    await beat(desk);
    expect(questions.map(({ orderInHand }) => orderInHand)).toEqual(["", ID, ID, ""]);
    expect(said().at(-1)).toEqual([[ID, "not applied"]]);
  });

  it("says of an order that was withdrawn before it began that nothing was applied", async () => {
    answers = [{ withdrawnOrderIds: [ID] }, { recordedOrderIds: [ID] }];
    const desk = await openDesk();
    for (const waits of [true, false, false]) await beat(desk, waits);
    expect([carried, said()]).toEqual([[], [[], [[ID, "not applied"]]]]);
  });

  it("takes an order again that failed without an outcome, and no order that could not be a file", async () => {
    let fails = true;
    const desk = await openDesk({
      carryOut: (order) => (fails ? Promise.reject(new Error("the disk is full")) : carryOut(order)),
    });
    answers = [{ order: ORDER }, { order: { ...ORDER, orderId: "../x" } }, { order: ORDER }];
    await beat(desk, true);
    fails = false;
    await beat(desk, true);
    expect(carried).toEqual([]);
    await beat(desk, true);
    expect(carried).toEqual([ID]);
  });
});
