// One target's rows -> what its strategy may look at. Pure.
import type { Sample, TrialResult } from "@ozone/proto/trial";
import { type DriftByAttempt, driftAround, mayCount } from "@ozone/shared/drift-around";
import { OzoneError } from "@ozone/shared/errors";
import { groupBy } from "@ozone/shared/group-by";
import type { Objective } from "@ozone/shared/objective";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { usableSamples } from "@ozone/shared/usable-samples";
import type { Observation, SearchState } from "../search/strategy.ts";
import type { TargetState } from "../store/target-state.ts";
import type { TrialRow } from "../store/trials.ts";
import { fitToTarget } from "./fit-to-target.ts";
import { machineOf, modelOf } from "./target-facts.ts";

function observation(trial: TrialRow, mine: readonly TrialResult[], drift: DriftByAttempt): Observation {
  const samples: Sample[] = mine.filter((result) => mayCount(result, drift)).flatMap(usableSamples);
  return {
    configuration: trial.configuration,
    purpose: trial.purpose,
    state: trial.state,
    failureClass: trial.failureClass,
    samples,
    wanted: samplesWanted(trial.protocol),
    elapsedMs: mine.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0),
  };
}

/** The state of a target's search: one observation for each of its trials, in their order. */
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
    observations: trials.map((trial) => observation(trial, byTrial.get(trial.id) ?? [], drift)),
  };
}
