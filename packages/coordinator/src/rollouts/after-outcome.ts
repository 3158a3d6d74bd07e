// What an agent's word about its order makes of a machine. Pure. A word that was said before changes nothing.
import type { ApplyingOutcome } from "@ozone/proto/applying";
import type { RolloutStateName, TargetStateName } from "./rollout-view.ts";

/** What is known when the word comes. */
export interface TargetBefore {
  readonly state: TargetStateName;
  readonly rollout: RolloutStateName;
  readonly stopped: boolean;
  readonly keepKept: boolean;
}

/** The new state, or null: the word changes nothing. */
export interface TargetAfter {
  readonly state: TargetStateName;
  readonly because: string;
}

const WAITS_FOR_APPLYING: ReadonlySet<TargetStateName> = new Set(["sent", "no answer"]);
const WAITS_FOR_TAKING_BACK: ReadonlySet<TargetStateName> = new Set(["taking back", "still to take back"]);

/** After the word about an order to apply. */
export function afterApplying(before: TargetBefore, said: ApplyingOutcome): TargetAfter | null {
  if (!WAITS_FOR_APPLYING.has(before.state)) return null;
  const because = said.because.join(" ");
  if (said.outcome === "rolled back") return { state: "rolled back", because };
  if (said.outcome !== "kept") return { state: "not applied", because };
  // The roll-out has ended without it, and nobody is to keep the preset: it is owed the roll-back.
  const owed = before.rollout !== "running" && before.stopped && !before.keepKept;
  return owed
    ? { state: "still to take back", because: "It kept the preset after the roll-out was stopped." }
    : { state: "kept", because };
}

/** After the word about an order to take back. */
export function afterTakingBack(before: TargetBefore, said: ApplyingOutcome): TargetAfter | null {
  if (!WAITS_FOR_TAKING_BACK.has(before.state)) return null;
  const state = said.outcome === "rolled back" ? "taken back" : "not taken back";
  return { state, because: said.because.join(" ") };
}
