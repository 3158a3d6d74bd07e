// One target's rows -> what its strategy may look at -> the next trials. Pure.
import { Purpose } from "@ozone/proto/configuration";
import type { Sample, TrialResult } from "@ozone/proto/trial";
import { type DriftByAttempt, driftAround, mayCount } from "@ozone/shared/drift-around";
import { OzoneError } from "@ozone/shared/errors";
import { groupBy } from "@ozone/shared/group-by";
import { usableSamples } from "@ozone/shared/usable-samples";
import { referenceTrial } from "../search/reference.ts";
import { strategyNamed } from "../search/strategies.ts";
import type { Observation, SearchState, SearchStep } from "../search/strategy.ts";
import type { TargetPlan, TargetPlanner, TargetState } from "../store/target-state.ts";
import type { TrialRow } from "../store/trials.ts";
import { driftedTrials, isOpenStretch, referenceDue } from "./drift.ts";
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
    wanted: Math.max(1, trial.protocol.launches) * Math.max(1, trial.protocol.repetitions),
    elapsedMs: mine.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0),
  };
}

function searchStateOf({ sweep, target, machine, trials, results }: TargetState): SearchState {
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
    model: modelOf(machine.announcement, target.modelDigest),
    machine: machineOf(machine.announcement),
    observations: trials.map((trial) => observation(trial, byTrial.get(trial.id) ?? [], drift)),
  };
}

/** In a time box a reference may take this share of it; a dearer one is made at the start only. */
const REFERENCE_SHARE = 0.05;

function canAffordReferences({ budgetMs, observations }: SearchState): boolean {
  if (budgetMs === 0) return true;
  const last = observations.findLast(({ purpose }) => purpose === Purpose.REFERENCE);
  return (last?.elapsedMs ?? 0) <= REFERENCE_SHARE * budgetMs;
}

const isConfirmation = ({ purpose }: { purpose: Purpose }): boolean => purpose === Purpose.CONFIRM;

/** Why the stretch of trials that is open must be closed by a reference before this step, or null. */
function closingReason(search: SearchState, trials: readonly TrialRow[], step: SearchStep): string | null {
  if (!isOpenStretch(trials) || !canAffordReferences(search)) return null;
  if (step.trials.length === 0) return "the drift reference, at the end";
  const confirmingStarts = step.trials.some(isConfirmation) && !trials.some(isConfirmation);
  return confirmingStarts ? "the drift reference, before the confirmations" : referenceDue(trials);
}

/** The next trials of a target all of whose trials have ended. None: it is finished. */
function next(state: TargetState): TargetPlan {
  const { sweep, target, machine, trials, results } = state;
  const strategy = strategyNamed(sweep.request.strategy);
  if (!strategy) throw new OzoneError("internal", `Sweep ${sweep.id} was stored without a strategy.`);
  const search = searchStateOf(state);
  if (trials.length === 0) {
    const step = strategy.next(search);
    const misfits = fitToTarget(sweep.request, machine.announcement, target.modelDigest).notes;
    const notes = [...misfits, ...step.notes];
    if (step.trials[0]?.purpose === Purpose.REFERENCE) return { trials: step.trials, notes };
    const first = referenceTrial(search, "the drift reference, at the start");
    return { trials: [first, ...step.trials], notes };
  }
  const drifted = driftedTrials(trials, results);
  if (drifted.repeats.length > 0) return { trials: drifted.repeats, notes: [] };
  const step = strategy.next(search);
  const reason = closingReason(search, trials, step);
  // The strategy is asked again when the reference has ended: it may have shown that the machine drifted.
  if (reason !== null) return { trials: [referenceTrial(search, reason)], notes: [] };
  return step.trials.length > 0 ? step : { trials: [], notes: [...step.notes, ...drifted.notes] };
}

/** A reference between trials that are planned already, when one is due. Results are not looked at. */
function between(state: TargetState): TargetPlan {
  const { trials } = state;
  const isOpen = ({ state: one }: TrialRow): boolean => one === "planned" || one === "running";
  const waiting = trials.some((trial) => trial.state === "planned" && trial.purpose !== Purpose.REFERENCE);
  const underWay = trials.some((trial) => isOpen(trial) && trial.purpose === Purpose.REFERENCE);
  const reason = waiting && !underWay ? referenceDue(trials) : null;
  return { trials: reason === null ? [] : [referenceTrial(searchStateOf(state), reason)], notes: [] };
}

/** Plans targets: the strategy's trials, with drift references around them. */
export const targetPlanner: TargetPlanner = { next, between };
