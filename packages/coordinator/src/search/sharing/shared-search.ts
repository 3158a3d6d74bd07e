// One search that several machines of a class work on together: what it is made of.
import type { Observation, Proposal, SearchState } from "../strategy.ts";

/** A trial on one machine of the class, and what came of it. */
export interface MachineObservation extends Observation {
  readonly machine: string;
}

/** A trial that a machine is running. */
export interface MachineTrial {
  readonly machine: string;
  readonly proposal: Proposal;
}

/** A trial that waits for a machine: for this one, or (null) for whichever is free first. */
export interface WaitingTrial {
  readonly machine: string | null;
  readonly proposal: Proposal;
}

/** Everything that follows from what is stored. */
export interface SharedSearch {
  /** What is searched; its own observations are not looked at. */
  readonly search: SearchState;
  /** Machines of one class, in a fixed order. */
  readonly machines: readonly string[];
  /** Those that are handed nothing now: what they measured counts, what waits for them goes to others. */
  readonly away?: readonly string[];
  /** Those that were odd before: they stay out, whatever their anchors would say by now. */
  readonly left?: readonly string[];
  /** Of all machines, in the order in which they came in. */
  readonly observations: readonly MachineObservation[];
  readonly running: readonly MachineTrial[];
  readonly waiting: readonly WaitingTrial[];
}
