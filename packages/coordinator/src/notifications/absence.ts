// Whether a machine that is not heard is news. Pure.
import type { AbsentMachine } from "../store/machine-absences.ts";

/** What is to be done about a machine; null: nothing. `forget`: it is nobody's business any more, and its return is no news. */
export type AbsenceStep = "missing" | "back" | "forget" | null;

/** What it depends on besides the machine. */
export interface AbsenceRules {
  /** A machine is missing after so long without a heartbeat. */
  readonly missingAfterMs: number;
  readonly leaseMs: number;
  /** How long heartbeats could be heard: nobody is missing because nobody listened. */
  readonly listeningMs: number;
}

/** Once per absence; never of a machine that is paused, or not (or no longer) let in. */
export function absenceStep(
  {
    silentMs,
    admission,
    paused,
    toldOf,
  }: Pick<AbsentMachine, "silentMs" | "admission" | "paused" | "toldOf">,
  { missingAfterMs, leaseMs, listeningMs }: AbsenceRules,
): AbsenceStep {
  const expected = paused !== true && (admission ?? "approved") === "approved";
  if (toldOf === null)
    return expected && Math.min(silentMs, listeningMs) >= missingAfterMs ? "missing" : null;
  if (!expected) return "forget";
  return silentMs < Math.min(leaseMs, missingAfterMs) ? "back" : null;
}
