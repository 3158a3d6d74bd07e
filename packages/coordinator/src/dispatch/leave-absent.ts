// Sweeps do not wait for ever: the part of a machine that nobody heard for days ends, and what it had measured stays.
import { hoursWords } from "@ozone/shared/time-budget";
import { absentWithParts } from "../store/absent-parts.ts";
import { findMachine } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { endTargetsOfMachine } from "../store/sweeps.ts";
import { cancelTrialsOfMachine } from "../store/trials.ts";

/** How long is waited. */
export interface Patience {
  /** A machine is left when it was not heard for so long. */
  readonly waitMs: number;
  /** How long this coordinator could hear machines. */
  readonly listeningMs: number;
}

/** A coordinator that was away for longer than that gives machines so long to be heard again. */
const LISTENING_MS_MIN = 3_600_000;

/** @returns how many machines were left */
export async function leaveAbsent(store: Store, { waitMs, listeningMs }: Patience): Promise<number> {
  if (listeningMs < Math.min(LISTENING_MS_MIN, waitMs)) return 0;
  const note = `The machine was not heard for ${hoursWords(waitMs)} (OZONE_WAIT_FOR_MACHINES): its part ended; what it had measured is kept.`;
  let left = 0;
  for (const id of await absentWithParts(store.db, waitMs)) {
    const isLeft = await store.db.transaction(async (tx) => {
      // The lock keeps its heartbeat out until this is decided.
      await findMachine(tx, id, true);
      if ((await absentWithParts(tx, waitMs, id)).length === 0) return false;
      await cancelTrialsOfMachine(tx, id);
      await endTargetsOfMachine(tx, id, note);
      return true;
    });
    if (isLeft) left += 1;
  }
  return left;
}
