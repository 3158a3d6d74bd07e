// Planned trials to idle machines. The attempt is committed first and published after; a crash in between is repaired
// by publishing again (the stream drops the repetition).
import { create } from "@bufbuild/protobuf";
import { type TrialOrder, TrialOrderSchema } from "@ozone/proto/trial";
import { type Bus, publishTrialOrder } from "@ozone/shared/bus";
import { nextTrialState } from "@ozone/shared/trial-state";
import {
  type AttemptRef,
  markPublished,
  nextTrialIds,
  openAttempt,
  runningTrialIds,
  unpublishedAttempts,
} from "../store/attempts.ts";
import type { Store } from "../store/open-store.ts";
import { addTargetNote, findTarget } from "../store/sweeps.ts";
import { changeTrial, findTrial, lockTrials, type TrialRow } from "../store/trials.ts";

/** Why a trial may not be given to its machine now, in one sentence; null: it may. */
export type HoldBack = (trial: Pick<TrialRow, "machineId" | "protocol">) => string | null;

/**
 * Opens the next attempt of one trial, unless something moved it meanwhile, or its machine may not have it.
 * @returns the target that has to wait; null: none
 */
async function openNextAttempt(
  store: Store,
  trialId: string,
  { leaseMs, holdBack }: { leaseMs: number; holdBack: HoldBack },
): Promise<number | null> {
  return store.db.transaction(async (tx) => {
    const trial = (await lockTrials(tx, [trialId])).get(trialId);
    if (!trial || trial.forAnyone) return null;
    const state = nextTrialState(trial.state, "dispatched");
    if (state === null || (await runningTrialIds(tx, [trial.machineId])).length > 0) return null;
    const because = holdBack(trial);
    if (because !== null) {
      await addTargetNote(tx, trial.targetId, `Trials had to wait: ${because}`);
      return trial.targetId;
    }
    const number = trial.attempt + 1;
    await changeTrial(tx, trialId, { state, attempt: number });
    await openAttempt(tx, { trialId, number, machineId: trial.machineId }, leaseMs);
    return null;
  });
}

async function orderFor(
  store: Store,
  { trialId, number }: AttemptRef,
  leaseMs: number,
): Promise<TrialOrder | null> {
  const trial = await findTrial(store.db, trialId);
  const target = trial ? await findTarget(store.db, trial.targetId) : null;
  if (!trial || !target) return null;
  return create(TrialOrderSchema, {
    trialId,
    attempt: number,
    sweepId: trial.sweepId,
    machineId: trial.machineId,
    modelName: target.modelName,
    modelDigest: target.modelDigest,
    configuration: trial.configuration,
    protocol: trial.protocol,
    purpose: trial.purpose,
    leaseMs,
  });
}

/** Publishes every order that has not reached the stream. @throws when the stream is away. */
export async function publishOpenAttempts(
  store: Store,
  bus: Bus,
  leaseMs: number,
  onPublished: (order: TrialOrder) => void = () => undefined,
): Promise<number> {
  const open = await unpublishedAttempts(store.db);
  for (const attempt of open) {
    const order = await orderFor(store, attempt, leaseMs);
    if (order) await publishTrialOrder(bus, order);
    await markPublished(store.db, attempt);
    if (order) onPublished(order);
  }
  return open.length;
}

/**
 * Gives each idle machine of these its next trial.
 * @returns how many orders were published.
 */
export async function dispatchTrials(
  store: Store,
  bus: Bus,
  options: {
    machineIds: readonly string[];
    leaseMs: number;
    holdBack?: HoldBack;
    onPublished?: ((order: TrialOrder) => void) | undefined;
  },
): Promise<number> {
  const { machineIds, leaseMs, holdBack = () => null } = options;
  const waiting = new Set<number>();
  // What has to wait must not keep its machine from what other targets have for it.
  for (let before = -1; before < waiting.size; ) {
    before = waiting.size;
    for (const trialId of await nextTrialIds(store.db, machineIds, [...waiting])) {
      const target = await openNextAttempt(store, trialId, { leaseMs, holdBack });
      if (target !== null) waiting.add(target);
    }
  }
  return publishOpenAttempts(store, bus, options.leaseMs, options.onPublished);
}
