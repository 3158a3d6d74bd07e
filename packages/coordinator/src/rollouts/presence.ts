// Whether a machine can be sent to, in words. Pure.
import { isOutside } from "@ozone/shared/machine-hours";
import type { MachineRow } from "../store/machines.ts";

/** By what a machine counts as there. */
export interface Presence {
  readonly leaseMs: number;
  /** How long this coordinator has been listening: silence from before was nobody's to hear. */
  readonly listeningMs: number;
}

/** Leases of silence after which nobody waits for a machine: it may be starting again. */
const PATIENCE_LEASES = 2;

/** Why it can't be sent to now, and whether it is not waited for. */
export function describeAway(
  machine: Pick<MachineRow, "silentMs" | "announcement" | "paused" | "hours" | "waits"> | undefined,
  { leaseMs, listeningMs }: Presence,
): { away: string | null; longAway: boolean } {
  if (machine === undefined) return { away: "The machine is not known any more.", longAway: true };
  const { silentMs, announcement } = machine;
  if (silentMs >= leaseMs) {
    const away = `The machine is offline: not heard for ${Math.round(silentMs / 1000)} s.`;
    return { away, longAway: Math.min(silentMs, listeningMs) >= PATIENCE_LEASES * leaseMs };
  }
  if (announcement.engineProblem !== "") return { away: announcement.engineProblem, longAway: true };
  // Its agent would begin nothing: it is waited for instead of being sent what it can't answer.
  return { away: whyItWaits(machine), longAway: false };
}

function whyItWaits({ paused, hours, waits }: Pick<MachineRow, "paused" | "hours" | "waits">): string | null {
  if (paused) return "The machine is paused.";
  if (isOutside(hours)) return "The machine is outside its hours.";
  return waits ? "The machine is for its user now." : null;
}
