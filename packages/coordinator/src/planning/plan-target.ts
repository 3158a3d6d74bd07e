// One target's rows -> what its strategy may look at -> the next trials. Pure.

import { Purpose } from "@ozone/proto/configuration";
import { driftAround } from "@ozone/shared/drift-around";
import { OzoneError } from "@ozone/shared/errors";
import { groupBy } from "@ozone/shared/group-by";
import { OBJECTIVES, type Objective } from "@ozone/shared/objective";
import { strategyTitle } from "@ozone/shared/strategy-names";
import { isOutOfTime, OUT_OF_TIME_STEP, PlugInProblem, stepFromAnswer } from "../search/plug-in/answer.ts";
import { plugInState } from "../search/plug-in/question.ts";
import { referenceTrial } from "../search/reference.ts";
import { strategyNamed } from "../search/strategies.ts";
import type { SearchState, SearchStep } from "../search/strategy.ts";
import type {
  PlugInAnswer,
  PlugInQuestion,
  TargetPlan,
  TargetPlanner,
  TargetState,
} from "../store/target-state.ts";
import type { TrialRow } from "../store/trials.ts";
import { driftedTrials, isOpenStretch, referenceDue } from "./drift.ts";
import { fitToTarget } from "./fit-to-target.ts";
import { observationsOf } from "./observations.ts";
import { machineOf, modelOf } from "./target-facts.ts";

function searchStateOf(
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

/** What the plug-in strategy of a sweep has to be asked; null for strategies of our own, and where nobody asks them. */
function question(state: TargetState): PlugInQuestion | null {
  const { sweep, trials, results } = state;
  const { strategy } = sweep.request;
  if (strategyNamed(strategy) || driftedTrials(trials, results).repeats.length > 0) return null;
  const search = searchStateOf(state);
  return isOutOfTime(search) ? null : { module: strategy, stateJson: JSON.stringify(plugInState(search)) };
}

/** The next step of the search. @throws PlugInProblem */
function stepOf(strategy: string, search: SearchState, answer: PlugInAnswer | null): SearchStep {
  const own = strategyNamed(strategy);
  if (own) return own.next(search);
  if (isOutOfTime(search)) return OUT_OF_TIME_STEP;
  if (!answer) throw new OzoneError("internal", `The strategy ${strategy} was not asked.`);
  if ("problem" in answer) throw new PlugInProblem(answer.problem);
  return stepFromAnswer(answer.answerJson, search);
}

/** A plug-in that does what it may not ends the sweep. */
function next(state: TargetState, answer: PlugInAnswer | null, objectives: readonly Objective[]): TargetPlan {
  try {
    return plan(state, answer, objectives);
  } catch (thrown) {
    if (!(thrown instanceof PlugInProblem)) throw thrown;
    const { strategy } = state.sweep.request;
    const title = strategyTitle(strategy);
    // Notes go into reports, which don't say whose home folder something is in.
    const did = thrown.message.replaceAll(strategy.slice(0, -title.length), "").replace(/\.$/, "");
    const failure = `The plug-in strategy ${title} ${did}.`;
    return { trials: [], notes: [], failure };
  }
}

/** The next trials of a target all of whose trials have ended. None: it is finished. */
function plan(state: TargetState, answer: PlugInAnswer | null, objectives: readonly Objective[]): TargetPlan {
  const { sweep, target, machine, trials, results } = state;
  const { strategy } = sweep.request;
  const search = searchStateOf(state, objectives);
  if (trials.length === 0) {
    const step = stepOf(strategy, search, answer);
    const misfits = fitToTarget(sweep.request, machine.announcement, target.modelDigest).notes;
    const notes = [...misfits, ...step.notes];
    if (step.trials[0]?.purpose === Purpose.REFERENCE) return { trials: step.trials, notes };
    const first = referenceTrial(search, "the drift reference, at the start");
    return { trials: [first, ...step.trials], notes };
  }
  const drifted = driftedTrials(trials, results);
  if (drifted.repeats.length > 0) return { trials: drifted.repeats, notes: [] };
  const step = stepOf(strategy, search, answer);
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
export const plannerFor = (objectives: readonly Objective[]): TargetPlanner => ({
  question,
  next: (state, answer = null) => next(state, answer, objectives),
  between,
});

/** Plans for the presets that every sweep gives. */
export const targetPlanner: TargetPlanner = plannerFor(OBJECTIVES);
