// Running sweeps, step by step: when a target has nothing left to run, the planner is asked for more (for machines that share
// a search: as soon as one of them is free); when no target has more, the sweep ends. All state is in Postgres, so a killed coordinator goes on where it was.
import { randomUUID } from "node:crypto";
import { groupBy } from "@ozone/shared/group-by";
import { machinesById } from "../store/machines.ts";
import type { Store, Transaction } from "../store/open-store.ts";
import { peerPicks } from "../store/presets.ts";
import { resultsOfTarget } from "../store/results.ts";
import {
  countTrials,
  endSweep,
  findSweep,
  type RunningTarget,
  type TargetRow,
  targetsOfRunningSweeps,
  updateTarget,
} from "../store/sweeps.ts";
import type { PlugIns, TargetPlan, TargetPlanner, TargetState } from "../store/target-state.ts";
import { cancelTrials, insertTrials, type TrialRow, trialsOfTarget } from "../store/trials.ts";
import { advanceGroup, type Sharing } from "./advance-group.ts";

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

/** Who decides: the planner, with plug-in strategies asked on its behalf; and what shared searches need besides. */
export interface Deciders {
  readonly planner: TargetPlanner;
  readonly plugIns: PlugIns;
  readonly sharing: Sharing;
  /** Told of each sweep that ends by itself, in the transaction that ends it. */
  readonly sweepEnded?: (tx: Transaction, sweepId: string) => Promise<void>;
}

/** The strategy can't be used: nothing more of this sweep is run; what was measured is kept. */
async function failSweep(
  tx: Transaction,
  { target, failure }: { readonly target: TargetRow; readonly failure: string },
  { sweepEnded }: Deciders,
): Promise<void> {
  await updateTarget(tx, target.id, { finished: true, notes: [...new Set([...target.notes, failure])] });
  await cancelTrials(tx, target.sweepId);
  await endSweep(tx, target.sweepId, "failed");
  await sweepEnded?.(tx, target.sweepId);
}

/** Open: the target still has something to do. */
type Outcome = "open" | "finished" | "failed";

/** What `between` decides by: nothing of it has changed while this text is the same. */
const standingOf = (trials: RunningTarget["trials"]): string => Object.values(trials).join(" ");

const countsOf = (trials: readonly TrialRow[]): RunningTarget["trials"] => {
  const inState = (is: TrialRow["state"]) => trials.filter(({ state }) => state === is).length;
  return { all: trials.length, planned: inState("planned"), running: inState("running") };
};

async function advanceTarget(store: Store, target: TargetRow, deciders: Deciders): Promise<Outcome> {
  const { planner, plugIns, sharing } = deciders;
  return store.db.transaction(async (tx) => {
    // The row lock keeps two coordinators, or a cancel, from planning the same step.
    const sweep = await findSweep(tx, target.sweepId, true);
    if (sweep?.state !== "running") return "finished";
    const trials = await trialsOfTarget(tx, target.id);
    const [machine] = await machinesById(tx, [target.machineId]);
    if (!machine) return trials.some(isOpen) ? "open" : "finished";
    if (trials.some(isOpen)) {
      const state = { sweep, target, machine, trials, results: [] };
      const plan = planner.between(state);
      await writeTrials(tx, state, plan);
      if (plan.trials.length === 0) sharing.settled.set(String(target.id), standingOf(countsOf(trials)));
      return "open";
    }
    sharing.settled.delete(String(target.id));
    const results = await resultsOfTarget(tx, target.id);
    const peers = trials.length === 0 ? await peerPicks(tx, machine, target.modelDigest) : [];
    const state = { sweep, target, machine, trials, results, peers };
    const question = planner.question(state);
    const answer = question && plugIns.answer(target.id, question);
    if (question && !answer) return "open"; // the plug-in thinks; its answer wakes us
    const next = planner.next(state, answer);
    if (next.failure !== undefined) {
      await failSweep(tx, { target, failure: next.failure }, deciders);
      return "failed";
    }
    await writePlan(tx, state, next);
    return next.trials.length > 0 ? "open" : "finished";
  });
}

/** A target that waits for its trials costs nothing but the look at their counts. */
async function advanceAlone(
  store: Store,
  { target, trials }: RunningTarget,
  deciders: Deciders,
): Promise<Outcome> {
  if (target.finished) return "finished";
  const waits = deciders.sharing.settled.get(String(target.id)) === standingOf(trials);
  return waits ? "open" : advanceTarget(store, target, deciders);
}

/** @returns whether the sweep ended now. */
async function advanceSweep(
  store: Store,
  sweepId: string,
  targets: readonly RunningTarget[],
  deciders: Deciders,
): Promise<boolean> {
  const outcomes = new Set<Outcome>();
  for (const [shareGroup, members] of groupBy(targets, ({ target }) => target.shareGroup)) {
    if (shareGroup !== "") outcomes.add(await advanceGroup(store, { sweepId, shareGroup }, deciders));
    else for (const one of members) outcomes.add(await advanceAlone(store, one, deciders));
  }
  if (outcomes.has("failed")) return true;
  if (outcomes.has("open")) return false;
  return store.db.transaction(async (tx) => {
    const { done } = await countTrials(tx, sweepId);
    const endedNow = await endSweep(tx, sweepId, done > 0 ? "done" : "failed");
    if (endedNow) await deciders.sweepEnded?.(tx, sweepId);
    return endedNow;
  });
}

/**
 * Moves every running sweep on. One that can't be planned does not keep the others from it.
 * @returns ids of sweeps that ended now.
 */
export async function advanceSweeps(
  store: Store,
  deciders: Deciders,
  onError: (sweepId: string, thrown: unknown) => void,
): Promise<string[]> {
  const ended: string[] = [];
  const running = await targetsOfRunningSweeps(store.db);
  for (const [id, targets] of groupBy(running, ({ target }) => target.sweepId)) {
    try {
      if (await advanceSweep(store, id, targets, deciders)) ended.push(id);
    } catch (thrown) {
      await store.ping();
      onError(id, thrown);
    }
  }
  return ended;
}
