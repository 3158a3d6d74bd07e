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
import { findTarget } from "../store/sweeps.ts";
import { changeTrial, findTrial, lockTrials } from "../store/trials.ts";

/** Opens the next attempt of one trial, unless something moved it meanwhile. */
async function openNextAttempt(store: Store, trialId: string, leaseMs: number): Promise<void> {
  await store.db.transaction(async (tx) => {
    const trial = (await lockTrials(tx, [trialId])).get(trialId);
    if (!trial || trial.forAnyone) return;
    const state = nextTrialState(trial.state, "dispatched");
    if (state === null || (await runningTrialIds(tx, [trial.machineId])).length > 0) return;
    const number = trial.attempt + 1;
    await changeTrial(tx, trialId, { state, attempt: number });
    await openAttempt(tx, { trialId, number, machineId: trial.machineId }, leaseMs);
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
export async function publishOpenAttempts(store: Store, bus: Bus, leaseMs: number): Promise<number> {
  const open = await unpublishedAttempts(store.db);
  for (const attempt of open) {
    const order = await orderFor(store, attempt, leaseMs);
    if (order) await publishTrialOrder(bus, order);
    await markPublished(store.db, attempt);
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
  options: { machineIds: readonly string[]; leaseMs: number },
): Promise<number> {
  for (const trialId of await nextTrialIds(store.db, options.machineIds)) {
    await openNextAttempt(store, trialId, options.leaseMs);
  }
  return publishOpenAttempts(store, bus, options.leaseMs);
}
