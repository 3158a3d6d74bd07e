// Running roll-outs, step by step. All state is in Postgres, so that a killed coordinator goes on where it was; what is
// due is decided by next-steps.ts. Nothing is sent from here: machines ask (answer-agents.ts).

import { type MachineRow, machinesById } from "../store/machines.ts";
import type { Store, Transaction } from "../store/open-store.ts";
import {
  changeRolloutTarget,
  endRollout,
  findRollout,
  type RolloutRow,
  type RolloutTargetRow,
  rolloutTargetsOf,
  runningRolloutIds,
  stopRollout,
} from "../store/rollouts.ts";
import { nextSteps, type Step } from "./next-steps.ts";
import { describeAway, type Presence } from "./presence.ts";
import type { RolloutView } from "./rollout-view.ts";

/** Every step moves something forward; more rounds than this would be a mistake, and the next run goes on. */
const ROUNDS_MAX = 12;

/** The roll-out as decisions see it. */
function viewOf(
  { request, keepKept, stopped, stoppedBecause }: RolloutRow,
  targets: readonly RolloutTargetRow[],
  machines: ReadonlyMap<string, MachineRow>,
  presence: Presence,
): RolloutView {
  const asked = targets.find(({ machineId, machineName }) =>
    [machineId, machineName].includes(request.canary),
  );
  return {
    stopped: stopped === null ? null : { kind: stopped, because: stoppedBecause },
    keepKept,
    parallel: Math.max(1, request.parallel),
    canary: asked?.position ?? null,
    targets: targets.map(({ position, machineId, machineName, state, because, canary, silentMs }) => ({
      ...{ position, name: machineName, state, because, canary },
      ...describeAway(machines.get(machineId), presence),
      silentMs: Math.min(silentMs, presence.listeningMs),
    })),
  };
}

async function take(tx: Transaction, rolloutId: string, step: Step): Promise<void> {
  if (step.do === "stop") {
    return stopRollout(tx, rolloutId, { stopped: step.kind, stoppedBecause: step.because });
  }
  if (step.do === "end") {
    return endRollout(tx, rolloutId, { state: step.state, because: step.because });
  }
  const { position, to: state, because, canary } = step;
  const change = { state, because, activity: "", ...(canary ? { canary } : {}) };
  await changeRolloutTarget(tx, { rolloutId, position }, { ...change, heard: true });
}

/** @returns whether anything changed. */
async function advance(store: Store, id: string, presence: Presence): Promise<boolean> {
  return store.db.transaction(async (tx) => {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      // The row lock keeps two coordinators, an agent's word or a cancel from moving it meanwhile.
      const rollout = await findRollout(tx, id, true);
      if (rollout?.state !== "running") return round > 0;
      const targets = await rolloutTargetsOf(tx, id);
      const rows = await machinesById(
        tx,
        targets.map(({ machineId }) => machineId),
      );
      const machines = new Map(rows.map((row) => [row.id, row]));
      const steps = nextSteps(viewOf(rollout, targets, machines, presence));
      if (steps.length === 0) return round > 0;
      for (const step of steps) await take(tx, id, step);
    }
    return true;
  });
}

/**
 * Moves every running roll-out on. One that fails does not keep the others from it.
 * @returns whether anything changed.
 */
export async function advanceRollouts(
  store: Store,
  presence: Presence,
  onError: (rolloutId: string, thrown: unknown) => void,
): Promise<boolean> {
  let changed = false;
  for (const id of await runningRolloutIds(store.db)) {
    try {
      changed = (await advance(store, id, presence)) || changed;
    } catch (thrown) {
      await store.ping();
      onError(id, thrown);
    }
  }
  return changed;
}
