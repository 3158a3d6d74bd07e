// Running sweeps, step by step: when a target has nothing left to run, the planner is asked for more; when no target
// has more, the sweep ends. All state is in Postgres, so a killed coordinator goes on where it was.
import { randomUUID } from "node:crypto";
import { machinesById } from "../store/machines.ts";
import type { Store, Transaction } from "../store/open-store.ts";
import { resultsOfTarget } from "../store/results.ts";
import {
  countTrials,
  endSweep,
  findSweep,
  listTargets,
  runningSweeps,
  type TargetRow,
  updateTarget,
} from "../store/sweeps.ts";
import type { TargetPlan, TargetPlanner, TargetState } from "../store/target-state.ts";
import { insertTrials, type TrialRow, trialsOfTarget } from "../store/trials.ts";

const isOpen = ({ state }: TrialRow) => state === "planned" || state === "running";

async function writeTrials(tx: Transaction, state: TargetState, plan: TargetPlan): Promise<void> {
  const { target, trials } = state;
  const start = trials.length;
  await insertTrials(
    tx,
    plan.trials.map((trial, position) => ({
      ...trial,
      id: `t-${randomUUID()}`,
      sweepId: target.sweepId,
      targetId: target.id,
      machineId: target.machineId,
      ordinal: start + position,
    })),
  );
}

async function writePlan(tx: Transaction, state: TargetState, plan: TargetPlan): Promise<void> {
  const { target } = state;
  await writeTrials(tx, state, plan);
  const notes = [...new Set([...target.notes, ...plan.notes])];
  await updateTarget(tx, target.id, { finished: plan.trials.length === 0, notes });
}

/** @returns whether the target still has something to do. */
async function advanceTarget(
  store: Store,
  sweepId: string,
  target: TargetRow,
  planner: TargetPlanner,
): Promise<boolean> {
  if (target.finished) return false;
  return store.db.transaction(async (tx) => {
    // The row lock keeps two coordinators, or a cancel, from planning the same step.
    const sweep = await findSweep(tx, sweepId, true);
    if (sweep?.state !== "running") return false;
    const trials = await trialsOfTarget(tx, target.id);
    const [machine] = await machinesById(tx, [target.machineId]);
    if (!machine) return trials.some(isOpen);
    if (trials.some(isOpen)) {
      const state = { sweep, target, machine, trials, results: [] };
      await writeTrials(tx, state, planner.between(state));
      return true;
    }
    const state = { sweep, target, machine, trials, results: await resultsOfTarget(tx, target.id) };
    const next = planner.next(state);
    await writePlan(tx, state, next);
    return next.trials.length > 0;
  });
}

async function advanceSweep(store: Store, sweepId: string, planner: TargetPlanner): Promise<boolean> {
  const targets = await listTargets(store.db, sweepId);
  const open: boolean[] = [];
  for (const target of targets) open.push(await advanceTarget(store, sweepId, target, planner));
  if (open.some(Boolean)) return false;
  const { done } = await countTrials(store.db, sweepId);
  return endSweep(store.db, sweepId, done > 0 ? "done" : "failed");
}

/**
 * Moves every running sweep on. One that can't be planned does not keep the others from it.
 * @returns ids of sweeps that ended now.
 */
export async function advanceSweeps(
  store: Store,
  planner: TargetPlanner,
  onError: (sweepId: string, thrown: unknown) => void,
): Promise<string[]> {
  const ended: string[] = [];
  for (const { id } of await runningSweeps(store.db)) {
    try {
      if (await advanceSweep(store, id, planner)) ended.push(id);
    } catch (thrown) {
      await store.ping();
      onError(id, thrown);
    }
  }
  return ended;
}
