// Agents ask what to apply or to take back, and say what came of it. What they are told follows from what is stored
// alone, and is told again until they have said that it is done: nothing that was lost on the way is missed.
import { create } from "@bufbuild/protobuf";
import {
  ApplyingAction,
  type ApplyingAnswer,
  ApplyingAnswerSchema,
  type ApplyingOrder,
  ApplyingOrderSchema,
  type ApplyingOutcome,
  type ApplyingQuestion,
} from "@ozone/proto/applying";
import { derivedModelName } from "@ozone/shared/derived-model";
import type { Store, Transaction } from "../store/open-store.ts";
import {
  changeRolloutTarget,
  findRollout,
  type RolloutRow,
  type RolloutTargetRow,
  rolloutTargetsOf,
  targetsWithOrder,
} from "../store/rollouts.ts";
import { afterApplying, afterTakingBack } from "./after-outcome.ts";
import { type OrderKind, orderId, parseOrderId } from "./order-id.ts";

/** Unless the request says how long a machine waits for a quiet moment. */
const QUIET_WAIT_MS = 60_000;
const ACTIVITY_MAX = 200;
/** Each takes a transaction. What is not noted in one answer is said again; an honest machine has one or two. */
const OUTCOMES_MAX = 20;

const kindOf = ({ state }: RolloutTargetRow): OrderKind => (state === "sent" ? "apply" : "take-back");

/** Answers one machine. @returns also whether a roll-out changed. */
export async function answerAgent(
  store: Store,
  machineId: string,
  question: ApplyingQuestion,
): Promise<{ answer: ApplyingAnswer; changed: boolean }> {
  let changed = false;
  const outcomes = question.outcomes.slice(0, OUTCOMES_MAX);
  for (const outcome of outcomes) {
    changed = (await store.db.transaction((tx) => record(tx, machineId, outcome))) || changed;
  }
  const recordedOrderIds = outcomes.map((outcome) => outcome.orderId);
  const { orders, withdrawn } = await ordersOf(store, machineId);
  const inHand = question.orderInHand;
  const held = orders.find(({ id }) => id === inHand);
  if (held !== undefined) {
    const activity = question.activity.slice(0, ACTIVITY_MAX);
    await changeRolloutTarget(store.db, held.target, { activity, heard: true });
    changed ||= held.target.activity !== activity;
  } else if (inHand !== "" && !recordedOrderIds.includes(inHand)) {
    withdrawn.push(inHand);
  }
  const order = orders[0]?.order;
  const answer = { recordedOrderIds, withdrawnOrderIds: withdrawn, ...(order ? { order } : {}) };
  return { answer: create(ApplyingAnswerSchema, answer), changed };
}

/** An outcome of an order that nobody knows (any more) is let go of: saying it again would not help. */
async function record(tx: Transaction, machineId: string, said: ApplyingOutcome): Promise<boolean> {
  const name = parseOrderId(said.orderId);
  const rollout = name && (await findRollout(tx, name.rolloutId, true));
  if (!name || !rollout) return false;
  const target = (await rolloutTargetsOf(tx, rollout.id)).find(({ position }) => position === name.position);
  if (target?.machineId !== machineId) return false;
  const { keepKept } = rollout;
  const before = { state: target.state, rollout: rollout.state, stopped: rollout.stopped !== null, keepKept };
  const applied = name.kind === "apply";
  const after = applied ? afterApplying(before, said) : afterTakingBack(before, said);
  if (after === null) return false;
  await changeRolloutTarget(tx, target, { ...after, activity: "", ...(applied ? { outcome: said } : {}) });
  return true;
}

interface OpenOrder {
  readonly id: string;
  readonly target: RolloutTargetRow;
  readonly order: ApplyingOrder;
}

/** What this machine has to do, taking back first; and what it is not to do any more. */
async function ordersOf(
  { db }: Store,
  machineId: string,
): Promise<{ orders: OpenOrder[]; withdrawn: string[] }> {
  const orders: OpenOrder[] = [];
  const withdrawn: string[] = [];
  for (const target of await targetsWithOrder(db, machineId)) {
    const rollout = await findRollout(db, target.rolloutId);
    if (rollout === null) continue;
    const id = orderId(target.rolloutId, target.position, kindOf(target));
    if (target.state === "sent" && rollout.stopped === "cancelled") withdrawn.push(id);
    else orders.push({ id, target, order: orderFor(rollout, target, id) });
  }
  const isBack = ({ target }: OpenOrder) => (target.state === "sent" ? 1 : 0);
  return { orders: orders.sort((one, other) => isBack(one) - isBack(other)), withdrawn };
}

function orderFor({ request }: RolloutRow, target: RolloutTargetRow, id: string): ApplyingOrder {
  const { preset, as, replace, despiteChanges, allowBattery } = request;
  const name = as === "" ? derivedModelName(preset?.modelName ?? "", preset?.purpose ?? "") : as;
  if (kindOf(target) === "take-back") {
    const action = ApplyingAction.ROLL_BACK;
    const { outcome } = target;
    const stands = { name: outcome?.name || name, digest: outcome?.digest ?? "" };
    return create(ApplyingOrderSchema, { orderId: id, action, ...stands });
  }
  return create(ApplyingOrderSchema, {
    orderId: id,
    action: ApplyingAction.APPLY,
    name,
    ...(preset === undefined ? {} : { preset }),
    ...{ replace, despiteChanges, allowBattery },
    quietWaitMs: request.quietWaitMs ?? QUIET_WAIT_MS,
  });
}
