// One target as the planner sees it, and the planner's answer: the seam between dispatch (which acts) and planning
// (which decides).
import type { TrialResult } from "@ozone/proto/trial";
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
}

/** What the planner answers: more trials, or none when the target is finished; notes are for people. */
export interface TargetPlan {
  readonly trials: readonly PlannedTrial[];
  readonly notes: readonly string[];
}

/** The planner: pure. */
export interface TargetPlanner {
  /** All trials have ended: what comes next. None: the target is finished. */
  next(state: TargetState): TargetPlan;
  /** Trials are planned or running: what has to be put between them. `results` are not read for it. */
  between(state: TargetState): TargetPlan;
}
