// Leases that ran out: the trial is planned again, under the next attempt number; after too many, or when its machine worked on it for longer than any trial takes, it is given up. An order
// that nobody has taken yet is no lost one: while its machine is heard, and it lies in the pipe, its lease is kept.

import { ATTEMPT_LIFE_MS_MAX, LEASES_PER_TRIAL } from "@ozone/shared/limits";
import { hoursWords } from "@ozone/shared/time-budget";
import { nextTrialState } from "@ozone/shared/trial-state";
import {
  type AttemptRef,
  closeAttempt,
  countExpired,
  expiredAttempts,
  extendLease,
} from "../store/attempts.ts";
import type { Store } from "../store/open-store.ts";
import { findTarget } from "../store/sweeps.ts";
import { changeTrial, findTrial, lockTrials } from "../store/trials.ts";

const LOST = {
  failureClass: "lease_lost",
  message: `The machine was lost ${LEASES_PER_TRIAL} times while it worked on this trial.`,
};

const OVERRUN = {
  failureClass: "lease_lost",
  message: `The machine said for ${hoursWords(ATTEMPT_LIFE_MS_MAX)} that it works on this trial, which no trial takes, and brought no result.`,
};

/** Why an attempt ended: its machine was lost, or is for its user now, or worked on it for ever. */
type Ending = "lost" | "given_back" | "overrun";

async function expire(store: Store, attempt: AttemptRef, ending: Ending): Promise<void> {
  await store.db.transaction(async (tx) => {
    const trial = (await lockTrials(tx, [attempt.trialId])).get(attempt.trialId);
    // What was ended for the user of its machine is no loss, and does not count as one.
    await closeAttempt(tx, attempt, ending === "given_back" ? "cancelled" : "expired");
    if (!trial || trial.attempt !== attempt.number) return;
    // Counted, not read off the attempt's number: that leaps when a backup is restored.
    const isTooOften = ending === "lost" && (await countExpired(tx, trial.id)) >= LEASES_PER_TRIAL;
    const failure = ending === "overrun" ? OVERRUN : isTooOften ? LOST : null;
    const state = nextTrialState(trial.state, failure ? "gave_up" : "lease_expired");
    if (state !== null) await changeTrial(tx, trial.id, { state, ...(failure ? { failure } : {}) });
  });
}

/** Whether others of a shared search can measure a trial as well: it need not wait for the user of one machine to leave. */
async function isShared({ db }: Store, trialId: string): Promise<boolean> {
  const trial = await findTrial(db, trialId);
  return trial !== null && ((await findTarget(db, trial.targetId))?.shareGroup ?? "") !== "";
}

/** What tells an order that waits from one that is lost. */
export interface LeaseEnds {
  readonly leaseMs: number;
  /** Machines that are heard and would be given work. */
  readonly machineIds: readonly string[];
  /** Those among them that begin nothing now: somebody uses them, or they are outside their hours. */
  readonly waiting?: ReadonlySet<string>;
  /** Whether an order lies in the pipe for this machine. @throws when the pipe is away */
  readonly orderWaits: (machineId: string) => Promise<boolean>;
  readonly onEnded?: ((attempt: AttemptRef) => void) | undefined;
}

/**
 * Ends every lease that has run out. A machine may be heard while no order reaches it, or may take none for a while (its
 * outbox is full): a new attempt would lie behind the first, and after a dozen the trial had failed without one try.
 * @returns how many ended.
 */
export async function expireLeases(store: Store, ends: LeaseEnds): Promise<number> {
  const heard = new Set(ends.machineIds);
  let ended = 0;
  for (const attempt of await expiredAttempts(store.db)) {
    if (ends.waiting?.has(attempt.machineId) && (await isShared(store, attempt.trialId))) {
      await expire(store, attempt, "given_back");
      ended += 1;
      continue;
    }
    if (!attempt.isOverrun && heard.has(attempt.machineId) && (await ends.orderWaits(attempt.machineId))) {
      await extendLease(store.db, attempt, ends.leaseMs);
      continue;
    }
    await expire(store, attempt, attempt.isOverrun ? "overrun" : "lost");
    ends.onEnded?.(attempt);
    ended += 1;
  }
  return ended;
}
