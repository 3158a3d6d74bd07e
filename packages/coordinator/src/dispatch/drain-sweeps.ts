// Sweeps that drain: no further trial begins, those that run end, and then the sweep is cancelled. What was measured stays,
// and presets rest on it as on anything else.
import type { Store, Transaction } from "../store/open-store.ts";
import { drainingSweepIds, endSweep, findSweep } from "../store/sweeps.ts";
import { changeTrial, lockTrials, type TrialRow, trialsOfSweep } from "../store/trials.ts";

type SweepEnded = (tx: Transaction, sweepId: string) => Promise<void>;

/** Whether a trial can be waited for: it runs, and its machine is not kept from it by its user. */
const isAtWork = ({ state, machineId }: TrialRow, waiting: ReadonlySet<string>): boolean =>
  state === "running" && !waiting.has(machineId);

/** @returns whether the sweep ended now */
async function drainSweep(
  store: Store,
  id: string,
  { waiting, sweepEnded }: { readonly waiting: ReadonlySet<string>; readonly sweepEnded: SweepEnded },
): Promise<boolean> {
  return store.db.transaction(async (tx) => {
    const sweep = await findSweep(tx, id, true);
    if (sweep?.state !== "running" || !sweep.drainingSince) return false;
    const open = (await trialsOfSweep(tx, id)).filter(
      ({ state }) => state === "planned" || state === "running",
    );
    const locked = [
      ...(
        await lockTrials(
          tx,
          open.map((trial) => trial.id),
        )
      ).values(),
    ];
    // A trial whose result came meanwhile has ended; one whose lease ended is planned again, and is not begun.
    const atWork = locked.filter((trial) => isAtWork(trial, waiting));
    const left = locked.filter(({ state }) => state === "planned" || state === "running");
    for (const trial of left.filter((one) => !atWork.includes(one)))
      await changeTrial(tx, trial.id, { state: "cancelled" });
    if (atWork.length > 0 || !(await endSweep(tx, id, "cancelled"))) return false;
    await sweepEnded(tx, id);
    return true;
  });
}

/**
 * Moves every sweep that drains on.
 * @param waiting machines that are for their users now: what was given back there is not waited for
 * @param sweepEnded told of each that ends, in the transaction that ends it
 * @returns how many ended
 */
export async function drainSweeps(
  store: Store,
  waiting: ReadonlySet<string>,
  sweepEnded: SweepEnded = async () => undefined,
): Promise<number> {
  let ended = 0;
  for (const id of await drainingSweepIds(store.db)) {
    if (await drainSweep(store, id, { waiting, sweepEnded })) ended += 1;
  }
  return ended;
}
