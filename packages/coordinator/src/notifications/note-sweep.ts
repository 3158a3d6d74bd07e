// A sweep ended or failed: written down in the transaction that ends it, so that neither is there without the other.
import { insertNotification } from "../store/notifications.ts";
import type { Transaction } from "../store/open-store.ts";
import { countTrials, findSweep } from "../store/sweeps.ts";
import { makeNotification } from "./bodies.ts";

const TYPES = { done: "sweep.done", failed: "sweep.failed", cancelled: "sweep.drained" } as const;

/** Notes the end of a sweep. One that a person cancelled at once is no news to anybody; a drain ends when it ends. */
export async function noteSweepEnded(tx: Transaction, sweepId: string): Promise<void> {
  const sweep = await findSweep(tx, sweepId);
  if (sweep?.finishedAt == null || sweep.state === "running") return;
  if (sweep.state === "cancelled" && !sweep.drainingSince) return;
  const { name, state, createdAt: startedAt, finishedAt } = sweep;
  const { done, failed, cancelled } = await countTrials(tx, sweepId);
  const trials = { done, failed, cancelled };
  const type = TYPES[state];
  const facts = { name, sweepId, state, startedAt, finishedAt, trials };
  await insertNotification(tx, makeNotification(type, finishedAt, facts));
}
