// Machines of a class that share one search as the planner sees them, and its answer: the same seam as for one target.
import type { Configuration } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import type { MachineRow } from "./machines.ts";
import type { SweepRow, TargetRow } from "./sweeps.ts";
import type { PlannedTrial, TrialRow } from "./trials.ts";

/** One machine of the group. */
export interface GroupMember {
  readonly target: TargetRow;
  readonly machine: MachineRow;
  /** Planned for it, running on it or ended on it, in the order in which it was given them. */
  readonly trials: readonly TrialRow[];
  readonly results: readonly TrialResult[];
}

/** By what a machine counts as there. */
export interface GroupPresence {
  readonly leaseMs: number;
  /** How long this coordinator has been listening: silence from before was nobody's to hear. */
  readonly listeningMs: number;
  /** Ids of machines that have something to do for a sweep that goes before this one. */
  readonly occupied: ReadonlySet<string>;
  /** Ids of machines that have used up their time for trials. */
  readonly withoutTime?: ReadonlySet<string>;
}

/** Everything that the planner may look at for one group. */
export interface GroupState {
  readonly sweep: SweepRow;
  /** In the order of their targets. */
  readonly members: readonly GroupMember[];
  /** Planned for whichever member is free first. */
  readonly waiting: readonly TrialRow[];
  readonly presence: GroupPresence;
  /** Picks of the presets of the class for this model; looked up before the first trial only. */
  readonly peers?: readonly Configuration[];
}

/** A trial to be written down: for this target, or (null) for whoever is free first. */
export interface AddedTrial {
  readonly targetId: number | null;
  readonly trial: PlannedTrial;
}

/** A planned trial that changes hands: to this target, or (null) back to whoever is free first. */
export interface MovedTrial {
  readonly targetId: number | null;
  readonly trial: TrialRow;
}

/** What becomes of a target; notes are added to those that it has. */
export interface MemberChange {
  readonly targetId: number;
  readonly finished: boolean;
  /** It is odd: nothing that was measured for it counts for its class. */
  readonly odd: boolean;
  readonly notes: readonly string[];
}

/** What the planner answers; all empty: nothing to do until a row changes. */
export interface GroupPlan {
  readonly added: readonly AddedTrial[];
  readonly moved: readonly MovedTrial[];
  readonly cancelled: readonly TrialRow[];
  readonly members: readonly MemberChange[];
}
