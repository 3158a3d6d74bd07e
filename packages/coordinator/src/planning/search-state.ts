// One target's rows -> what its strategy may look at. Pure.
import { driftAround } from "@ozone/shared/drift-around";
import { OzoneError } from "@ozone/shared/errors";
import { groupBy } from "@ozone/shared/group-by";
import type { Objective } from "@ozone/shared/objective";
import type { SearchState } from "../search/strategy.ts";
import type { TargetState } from "../store/target-state.ts";
import { fitToTarget } from "./fit-to-target.ts";
import { observationsOf } from "./observations.ts";
import { machineOf, modelOf } from "./target-facts.ts";

/** The state of a target's search: one observation for each of its trials, in their order, where no fills are shared. */
export function searchStateOf(
  { sweep, target, machine, trials, results, peers = [] }: TargetState,
  objectives?: readonly Objective[],
): SearchState {
  const { request } = sweep;
  if (!request.protocol) {
    throw new OzoneError("internal", `Sweep ${sweep.id} was stored without a protocol.`);
  }
  const { matrix, protocol } = fitToTarget(request, machine.announcement, target.modelDigest);
  const drift = driftAround(results);
  const byTrial = groupBy(results, ({ trialId }) => trialId);
  return {
    matrix,
    protocol,
    budgetMs: request.budgetMs,
    trialsMax: request.trialsMax,
    seed: request.seed || sweep.id,
    peers,
    ...(objectives ? { objectives } : {}),
    model: modelOf(machine.announcement, target.modelDigest),
    machine: machineOf(machine.announcement),
    observations: trials.flatMap((trial) => observationsOf(trial, byTrial.get(trial.id) ?? [], drift)),
  };
}
