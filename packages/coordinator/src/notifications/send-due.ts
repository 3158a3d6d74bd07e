// Sends what is due, a few at a time, and notes what came of it. At least once: a coordinator that is killed between the
// answer and the note sends again, under the same id.
import { dueNotifications, noteTry, trimNotifications } from "../store/notifications.ts";
import type { Store } from "../store/open-store.ts";
import type { Endpoint } from "./endpoint.ts";
import { afterTry, type Pace } from "./next-try.ts";
import { post } from "./post.ts";

/** Tries at the same time: a receiver that is slow to answer one must not hold up all of them. */
const AT_ONCE = 8;
const KEPT = { keptMs: 30 * 86_400_000, keptMax: 5_000 };

/** What it works with. */
export interface SendPorts {
  readonly store: Store;
  readonly endpoint: Endpoint;
  readonly pace: Pace;
  /** Aborted when this coordinator stops or no longer leads: tries under way are given to the next one. */
  readonly signal: AbortSignal;
  readonly limitMs?: number;
  /** Told what came of each try: delivered, refused (by an answer), failed (without one). */
  readonly onTry: (outcome: "delivered" | "refused" | "failed") => void;
}

/** One run. @returns whether more may be due already */
export async function sendDue(ports: SendPorts): Promise<boolean> {
  const { store, endpoint, pace, signal, limitMs, onTry } = ports;
  const due = await dueNotifications(store.db, AT_ONCE);
  const tries = due.map(async (one) => {
    const answer = await post(endpoint, one, { signal, ...(limitMs === undefined ? {} : { limitMs }) });
    if (signal.aborted && !answer.delivered) return;
    const outcome = afterTry(answer, one, { pace, chance: Math.random() });
    await store.db.transaction((tx) => noteTry(tx, one.id, outcome));
    onTry(answer.delivered ? "delivered" : answer.httpStatus > 0 ? "refused" : "failed");
  });
  // All of them to their ends: none may go on alone after this run.
  const failed = (await Promise.allSettled(tries)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return due.length === AT_ONCE && !signal.aborted;
}

/** Bounds the table. */
export const trimOld = ({ db }: Store): Promise<void> => db.transaction((tx) => trimNotifications(tx, KEPT));
