// One target's rows -> what its strategy may look at. Pure.
import { create } from "@bufbuild/protobuf";
import { ConfigurationSchema } from "@ozone/proto/configuration";
import type { Sample, TrialResult } from "@ozone/proto/trial";
import { type DriftByAttempt, driftAround, mayCount } from "@ozone/shared/drift-around";
import { OzoneError } from "@ozone/shared/errors";
import { expandSharedFills } from "@ozone/shared/expand-shared-fills";
import { groupBy } from "@ozone/shared/group-by";
import type { Objective } from "@ozone/shared/objective";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { usableSamples } from "@ozone/shared/usable-samples";
import type { Observation, SearchState } from "../search/strategy.ts";
import type { TargetState } from "../store/target-state.ts";
import type { TrialRow } from "../store/trials.ts";
import { fitToTarget } from "./fit-to-target.ts";
import { machineOf, modelOf } from "./target-facts.ts";

/** What a trial says of its configuration, then of the shorter outputs that shared its fills; its time counts once. */
function observationsOf(trial: TrialRow, mine: readonly TrialResult[], drift: DriftByAttempt): Observation[] {
  const { configuration, protocol } = trial;
  const views = mine.filter((result) => mayCount(result, drift)).flatMap(expandSharedFills);
  const samplesOf = (numPredict: number): Sample[] =>
    views.filter((view) => view.configuration?.numPredict === numPredict).flatMap(usableSamples);
  const own = observation(trial, mine, samplesOf(configuration.numPredict));
  const shorter = protocol.shorterPredicts.map((numPredict) => ({
    ...own,
    configuration: create(ConfigurationSchema, { ...configuration, numPredict }),
    samples: samplesOf(numPredict),
    elapsedMs: 0,
  }));
  return [own, ...shorter];
}

function observation(trial: TrialRow, mine: readonly TrialResult[], samples: readonly Sample[]): Observation {
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
