// Leases that ran out: the trial is planned again, under the next attempt number; after too many it is given up.
import { LEASES_PER_TRIAL } from "@ozone/shared/limits";
import { nextTrialState } from "@ozone/shared/trial-state";
import { type AttemptRef, closeAttempt, expiredAttempts } from "../store/attempts.ts";
import type { Store } from "../store/open-store.ts";
import { changeTrial, lockTrials } from "../store/trials.ts";

const LOST = {
  failureClass: "lease_lost",
  message: `The machine was lost ${LEASES_PER_TRIAL} times while it worked on this trial.`,
};

async function expire(store: Store, attempt: AttemptRef): Promise<void> {
  await store.db.transaction(async (tx) => {
    const trial = (await lockTrials(tx, [attempt.trialId])).get(attempt.trialId);
    await closeAttempt(tx, attempt, "expired");
    if (!trial || trial.attempt !== attempt.number) return;
    const givenUp = attempt.number >= LEASES_PER_TRIAL;
    const state = nextTrialState(trial.state, givenUp ? "gave_up" : "lease_expired");
    if (state !== null) await changeTrial(tx, trial.id, { state, ...(givenUp ? { failure: LOST } : {}) });
  });
}

/** Ends every lease that has run out. @returns how many. */
export async function expireLeases(store: Store): Promise<number> {
  const expired = await expiredAttempts(store.db);
  for (const attempt of expired) await expire(store, attempt);
  return expired.length;
}
