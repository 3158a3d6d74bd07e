// Machines of a class that share one search, one step on: their rows to the planner, its answer to the rows. The sweep's
// row is locked first and trials after it, by id, as everywhere: two coordinators never plan the same step.
import { Purpose } from "@ozone/proto/configuration";
import { groupBy } from "@ozone/shared/group-by";
import type { GroupPlan, GroupState } from "../store/group-state.ts";
import { machinesById } from "../store/machines.ts";
import type { Store, Transaction } from "../store/open-store.ts";
import { peerPicks } from "../store/presets.ts";
import { type PresetKey, presetKeyOf, resultsOfTargets } from "../store/results.ts";
import { findSweep, listTargets, occupiedMachines } from "../store/sweeps.ts";
import type { TargetPlanner } from "../store/target-state.ts";
import { type TrialRow, trialsOfTargets } from "../store/trials.ts";
import { writeGroupPlan } from "./write-group-plan.ts";

/** What shared searches need besides the planner. */
export interface Sharing {
  readonly leaseMs: number;
  /** How long this coordinator has been listening to the fleet. */
  readonly listeningMs: () => number;
  /**
   * How the rows of groups stood when there was nothing to do, by sweep and group, and those of targets that are searched
   * alone, by their ids: nothing more need be read until a row changes. Only a shortcut: without it every step is the same.
   */
  readonly settled: Map<string, string>;
  /** A machine was found to be odd: presets of this key are to be chosen without it. */
  readonly machineLeft: (key: PresetKey) => void;
  /** Ids of machines that have used up their time; nobody looked: none. */
  readonly withoutTime?: ReadonlySet<string>;
}

interface Loaded {
  readonly state: GroupState;
  readonly open: boolean;
}

async function loadGroup(
  tx: Transaction,
  { sweepId, shareGroup }: { readonly sweepId: string; readonly shareGroup: string },
  { leaseMs, listeningMs, withoutTime = new Set() }: Sharing,
): Promise<Loaded | null> {
  const sweep = await findSweep(tx, sweepId, true);
  if (sweep?.state !== "running") return null;
  const targets = (await listTargets(tx, sweepId)).filter((target) => target.shareGroup === shareGroup);
  const ids = targets.map(({ machineId }) => machineId);
  const machines = new Map((await machinesById(tx, ids)).map((machine) => [machine.id, machine]));
  const trials = await trialsOfTargets(
    tx,
    targets.map(({ id }) => id),
  );
  const isWaiting = (trial: TrialRow): boolean => trial.forAnyone && trial.state === "planned";
  const held = groupBy(
    trials.filter((trial) => !isWaiting(trial)),
    ({ targetId }) => targetId,
  );
  const members = targets.flatMap((target) => {
    const machine = machines.get(target.machineId);
    return machine ? [{ target, machine, trials: held.get(target.id) ?? [], results: [] }] : [];
  });
  const presence = {
    leaseMs,
    listeningMs: listeningMs(),
    withoutTime,
    occupied: await occupiedMachines(tx, sweep, ids),
  };
  const state = { sweep, members, waiting: trials.filter(isWaiting), presence };
  return { state, open: targets.some(({ finished }) => !finished) };
}

/** With what the trials gave, and before the first trial the picks of the class's presets. */
async function withResults(tx: Transaction, state: GroupState): Promise<GroupState> {
  const ids = state.members.map(({ target }) => target.id);
  const trials = new Map(state.members.flatMap((member) => member.trials).map((trial) => [trial.id, trial]));
  const results = groupBy(
    await resultsOfTargets(tx, ids),
    ({ trialId }) => trials.get(trialId)?.targetId ?? 0,
  );
  const members = state.members.map((member) => ({
    ...member,
    results: results.get(member.target.id) ?? [],
  }));
  const [first] = members;
  const searched =
    state.waiting.length > 0 ||
    members.some((member) => member.trials.some(({ purpose }) => purpose !== Purpose.REFERENCE));
  const peers = first && !searched ? await peerPicks(tx, first.machine, first.target.modelDigest) : [];
  return { ...state, members, peers };
}

const isEmpty = ({ added, moved, cancelled, members }: GroupPlan): boolean =>
  added.length + moved.length + cancelled.length + members.length === 0;

/** Whether every target has nothing left to do after this plan. */
const isDone = ({ members }: GroupState, plan: GroupPlan): boolean =>
  members.every(
    ({ target }) => plan.members.find(({ targetId }) => targetId === target.id)?.finished ?? target.finished,
  );

/** Keys of the presets that rest on what odd machines measured. */
const keysLeft = ({ members }: GroupState, plan: GroupPlan): PresetKey[] => {
  const odd = new Set(plan.members.flatMap((change) => (change.odd ? [change.targetId] : [])));
  const results = members.flatMap((member) => (odd.has(member.target.id) ? member.results : []));
  const keys = results.map(presetKeyOf);
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
};

/** @returns whether the group still has something to do. */
export async function advanceGroup(
  store: Store,
  group: { readonly sweepId: string; readonly shareGroup: string },
  { planner, sharing }: { readonly planner: TargetPlanner; readonly sharing: Sharing },
): Promise<"open" | "finished"> {
  const name = JSON.stringify([group.sweepId, group.shareGroup]);
  const { outcome, left } = await store.db.transaction(async (tx) => {
    const nothing = { outcome: "open" as const, left: [] as PresetKey[] };
    const loaded = await loadGroup(tx, group, sharing);
    if (!loaded?.open) return { ...nothing, outcome: "finished" as const };
    const standing = planner.standing(loaded.state);
    if (sharing.settled.get(name) === standing) return nothing;
    const state = await withResults(tx, loaded.state);
    const plan = planner.together(state);
    if (isEmpty(plan)) {
      sharing.settled.set(name, standing);
      return nothing;
    }
    await writeGroupPlan(tx, state, plan);
    return {
      outcome: isDone(state, plan) ? ("finished" as const) : ("open" as const),
      left: keysLeft(state, plan),
    };
  });
  for (const key of left) sharing.machineLeft(key);
  if (outcome === "finished") sharing.settled.delete(name);
  return outcome;
}
