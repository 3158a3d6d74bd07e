// When a target makes its drift reference beside what its strategy asks for. Pure.
import { Purpose } from "@ozone/proto/configuration";
import type { SearchState } from "../search/strategy.ts";
import type { TrialRow } from "../store/trials.ts";
import { isOpenStretch, referenceDue } from "./drift.ts";

/** In a time box a reference may take this share of it; a dearer one is made at the start only. */
const REFERENCE_SHARE = 0.05;

const isReference = ({ purpose }: Pick<TrialRow, "purpose">): boolean => purpose === Purpose.REFERENCE;
/** Whether a trial has not ended. */
export const isOpen = ({ state }: Pick<TrialRow, "state">): boolean =>
  state === "planned" || state === "running";

/** Whether another reference is worth its time. */
export function canAffordReferences({ budgetMs, observations }: SearchState): boolean {
  if (budgetMs === 0) return true;
  const last = observations.findLast(isReference);
  return (last?.elapsedMs ?? 0) <= REFERENCE_SHARE * budgetMs;
}

/** Whether the stretch of trials that is open may be closed by a reference. */
export const canClose = (search: SearchState, trials: readonly TrialRow[]): boolean =>
  isOpenStretch(trials) && canAffordReferences(search);

/** Why a reference has to go between trials that are planned already, or null. Results are not looked at. */
export function reasonBetween(trials: readonly TrialRow[]): string | null {
  const waiting = trials.some((trial) => trial.state === "planned" && !isReference(trial));
  const underWay = trials.some((trial) => isOpen(trial) && isReference(trial));
  return waiting && !underWay ? referenceDue(trials) : null;
}
