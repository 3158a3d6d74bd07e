// One target's rows -> what its strategy may look at -> the next trials. Pure.
import { create } from "@bufbuild/protobuf";
import type { Announcement } from "@ozone/proto/machine";
import { MatrixSchema } from "@ozone/proto/sweep";
import type { Sample, TrialResult } from "@ozone/proto/trial";
import { OzoneError } from "@ozone/shared/errors";
import { type MachineFacts, parseMachineFacts } from "@ozone/shared/machine-facts";
import { usableSamples } from "@ozone/shared/usable-samples";
import { strategyNamed } from "../search/strategies.ts";
import type { Observation, SearchMachine, SearchModel, SearchState } from "../search/strategy.ts";
import type { TargetPlan, TargetState } from "../store/target-state.ts";
import type { TrialRow } from "../store/trials.ts";

function observation(trial: TrialRow, results: readonly TrialResult[]): Observation {
  const mine = results.filter(({ trialId }) => trialId === trial.id);
  const samples: Sample[] = mine.flatMap(usableSamples);
  return {
    configuration: trial.configuration,
    purpose: trial.purpose,
    state: trial.state,
    failureClass: trial.failureClass,
    samples,
    elapsedMs: mine.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0),
  };
}

/** Facts of an agent of another version may not fit our schema: the search then goes on without them. */
function factsOf(factsJson: string): MachineFacts | null {
  try {
    return parseMachineFacts(JSON.parse(factsJson));
  } catch {
    return null;
  }
}

function machineOf({ factsJson, defaultThreads }: Announcement): SearchMachine {
  const facts = factsOf(factsJson);
  return {
    defaultThreads: defaultThreads > 0 ? defaultThreads : null,
    physicalCores: facts?.cpu.physicalCores ?? null,
    logicalCores: facts?.cpu.logicalCores ?? null,
    memoryBytes: facts?.memory.limitBytes ?? facts?.memory.totalBytes ?? null,
  };
}

function modelOf(announcement: Announcement, digest: string): SearchModel {
  const model = announcement.models.find((candidate) => candidate.digest === digest);
  return {
    trainedContext: model?.trainedContext ?? 0,
    weightBytes: Number(model?.sizeBytes ?? 0n),
    kvBytesPerToken: Number(model?.kvBytesPerToken ?? 0n),
  };
}

/** Asks the sweep's strategy for the next trials of one target. */
export function planTarget({ sweep, target, machine, trials, results }: TargetState): TargetPlan {
  const { request } = sweep;
  const strategy = strategyNamed(request.strategy);
  if (!strategy || !request.protocol) {
    throw new OzoneError("internal", `Sweep ${sweep.id} was stored without a strategy or protocol.`);
  }
  const state: SearchState = {
    matrix: request.matrix ?? create(MatrixSchema),
    protocol: request.protocol,
    budgetMs: request.budgetMs,
    model: modelOf(machine.announcement, target.modelDigest),
    machine: machineOf(machine.announcement),
    observations: trials.map((trial) => observation(trial, results)),
  };
  return strategy.next(state);
}
