// The small interface behind which every search stands: pure, from what was observed to what to try next.
import type { Configuration, Protocol, Purpose } from "@ozone/proto/configuration";
import type { Matrix } from "@ozone/proto/sweep";
import type { Sample } from "@ozone/proto/trial";
import type { Objective } from "@ozone/shared/objective";
import type { TrialStateName } from "@ozone/shared/trial-state";

/** What is known of the model under search. Zero: not known. */
export interface SearchModel {
  readonly trainedContext: number;
  readonly weightBytes: number;
  /** KV-cache bytes per token at f16. */
  readonly kvBytesPerToken: number;
}

/** What is known of the machine under search. Null: not known. */
export interface SearchMachine {
  /** Threads that the engine would choose; what the default configuration uses. */
  readonly defaultThreads: number | null;
  readonly physicalCores: number | null;
  readonly logicalCores: number | null;
  readonly memoryBytes: number | null;
}

/** One trial that was planned before, with what came of it. Samples are those that may be used. */
export interface Observation {
  readonly configuration: Configuration;
  readonly purpose: Purpose;
  readonly state: TrialStateName;
  readonly failureClass: string | null;
  readonly samples: readonly Sample[];
  /** How many samples the trial asked for. */
  readonly wanted: number;
  readonly elapsedMs: number;
}

/** Everything a strategy may look at. */
export interface SearchState {
  readonly matrix: Matrix;
  /** Complete: every field has its value. */
  readonly protocol: Protocol;
  /** Measuring time for this target; 0: unlimited. */
  readonly budgetMs: number;
  /** Most configurations to try; 0: as the strategy thinks fit. */
  readonly trialsMax: number;
  /** What chance starts from: equal seeds, equal searches. */
  readonly seed: string;
  /** What everything is compared with, where the target's own default does not follow from model and machine. */
  readonly base?: Configuration;
  /** Picks of the presets of its class for this model, best first: worth a look, never believed unseen. */
  readonly peers?: readonly Configuration[];
  /** What presets are chosen by, and so what is looked for; without a file of one's own, the three defaults. */
  readonly objectives?: readonly Objective[];
  readonly model: SearchModel;
  readonly machine: SearchMachine;
  readonly observations: readonly Observation[];
  /** Trials that other machines of the class are running now; absent: none. Only a strategy that says so is asked then. */
  readonly pending?: readonly Proposal[];
  /** How many machines share the search; absent: it is one machine's own. */
  readonly machines?: number;
}

/** One trial to run, and why, in words. */
export interface Proposal {
  readonly configuration: Configuration;
  readonly purpose: Purpose;
  readonly protocol: Protocol;
  readonly reason: string;
}

/** No trials: the search is finished. Notes are for people. */
export interface SearchStep {
  readonly trials: readonly Proposal[];
  readonly notes: readonly string[];
}

/** A search. Deterministic: equal states give equal steps. */
export interface Strategy {
  readonly name: string;
  /**
   * How several machines may share it: asked for more when all trials of a step have ended, or also while some are
   * running (`pending`). Absent: it can't be shared.
   */
  readonly sharing?: "between steps" | "while running";
  next(state: SearchState): SearchStep;
}
