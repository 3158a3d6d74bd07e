// One trial's row and results -> what a strategy may see of it. Pure.
import { create } from "@bufbuild/protobuf";
import { ConfigurationSchema } from "@ozone/proto/configuration";
import type { Sample, TrialResult } from "@ozone/proto/trial";
import { type DriftByAttempt, mayCount } from "@ozone/shared/drift-around";
import { expandSharedFills } from "@ozone/shared/expand-shared-fills";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { usableSamples } from "@ozone/shared/usable-samples";
import type { Observation } from "../search/strategy.ts";
import type { TrialRow } from "../store/trials.ts";

/** What a trial says of its configuration, then of the shorter outputs that shared its fills; its time counts once. */
export function observationsOf(
  trial: TrialRow,
  mine: readonly TrialResult[],
  drift: DriftByAttempt,
): Observation[] {
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
