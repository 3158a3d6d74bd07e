// Whether a machine that shares a search can be handed something now. Pure.
import { isOutside } from "@ozone/shared/machine-hours";
import { versionProblem } from "@ozone/shared/protocol-version";
import type { GroupMember, GroupPresence } from "../store/group-state.ts";
import type { SweepRow } from "../store/sweeps.ts";
import { shareIdentity } from "./share-groups.ts";
import { announcedModel } from "./target-facts.ts";

/**
 * here: it can be handed trials. silent: nothing is heard of it for the moment; it keeps what it has and is handed no
 * more. gone: what it has not begun is the others' to measure, until it is here again.
 */
export type MemberPresence =
  | { readonly kind: "here" | "silent" }
  | { readonly kind: "gone"; readonly because: string };

/** Leases of silence after which nobody waits for a machine: it may be starting again. */
const PATIENCE_LEASES = 2;

const gone = (because: string): MemberPresence => ({ kind: "gone", because });

/** Where a member is. */
export function presenceOf(
  { target, machine }: Pick<GroupMember, "target" | "machine">,
  { request }: SweepRow,
  { leaseMs, listeningMs, occupied, withoutTime }: GroupPresence,
): MemberPresence {
  const { announcement, silentMs } = machine;
  if (silentMs >= leaseMs) {
    const long = Math.min(silentMs, listeningMs) >= PATIENCE_LEASES * leaseMs;
    return long ? gone("it is offline") : { kind: "silent" };
  }
  if (machine.paused) return gone("it is paused");
  if (withoutTime?.has(machine.id)) return gone("its budget of time is used up");
  if (isOutside(machine.hours)) return gone("it is outside its hours");
  if (machine.waits) return gone("it is for its user now");
  if (versionProblem(announcement) !== null)
    return gone("its agent is too many releases away from the coordinator");
  if (announcement.engineProblem !== "") return gone("no engine answers there");
  if (!announcedModel(announcement, target.modelDigest)) return gone("it has the model no longer");
  if (shareIdentity(request, announcement, target.modelDigest) !== target.shareGroup) {
    return gone("its hardware, its engine or what it can do is no longer that of the others");
  }
  return occupied.has(machine.id) ? gone("it serves another sweep first") : { kind: "here" };
}
