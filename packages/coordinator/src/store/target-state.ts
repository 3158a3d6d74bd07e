// One target as the planner sees it, and the planner's answer: the seam between dispatch (which acts) and planning
// (which decides).
import type { Configuration } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import type { GroupPlan, GroupState } from "./group-state.ts";
import type { MachineRow } from "./machines.ts";
import type { SweepRow, TargetRow } from "./sweeps.ts";
import type { PlannedTrial, TrialRow } from "./trials.ts";

/** Everything that the planner may look at for one target. */
export interface TargetState {
  readonly sweep: SweepRow;
  readonly target: TargetRow;
  readonly machine: MachineRow;
  readonly trials: readonly TrialRow[];
  readonly results: readonly TrialResult[];
  /** Picks of the presets of its class for this model; looked up before the first trial only. */
  readonly peers?: readonly Configuration[];
}

/** What the planner answers: more trials, or none when the target is finished; notes are for people. */
export interface TargetPlan {
  readonly trials: readonly PlannedTrial[];
  readonly notes: readonly string[];
  /** The strategy can't be used: the sweep ends as failed, with this sentence. */
  readonly failure?: string;
}

/** What a plug-in strategy is asked: its module, and the state as plain data. */
export interface PlugInQuestion {
  readonly module: string;
  readonly stateJson: string;
}

/** What it answered, unchecked; or what it did instead, as the end of a sentence that begins with its name. */
export type PlugInAnswer = { readonly answerJson: string } | { readonly problem: string };

/** Asks plug-in strategies while everything else goes on. */
export interface PlugIns {
  /** The answer; null while it is worked out. */
  answer(targetId: number, question: PlugInQuestion): PlugInAnswer | null;
}

/** The planner: pure. */
export interface TargetPlanner {
  /** All trials have ended: what a plug-in has to be asked before `next`. Null: nothing. */
  question(state: TargetState): PlugInQuestion | null;
  /** All trials have ended: what comes next, given the answer to the question. None: the target is finished. */
  next(state: TargetState, answer?: PlugInAnswer | null): TargetPlan;
  /** Trials are planned or running: what has to be put between them. `results` are not read for it. */
  between(state: TargetState): TargetPlan;
  /** The next step of machines that share one search. */
  together(state: GroupState): GroupPlan;
  /** Everything but the results that `together` decides by: while it is the same, so is the plan. */
  standing(state: GroupState): string;
}
