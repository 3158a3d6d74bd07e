// Which targets of a sweep share one search: those that presets put together, asked for the same. Pure.
import { toJson } from "@bufbuild/protobuf";
import type { Announcement } from "@ozone/proto/machine";
import { MatrixSchema, type SweepRequest } from "@ozone/proto/sweep";
import { groupBy } from "@ozone/shared/group-by";
import { engineKindWords } from "@ozone/shared/provenance";
import type { MachineRow } from "../store/machines.ts";
import type { Target } from "./choose-targets.ts";
import { fitToTarget } from "./fit-to-target.ts";

/** A target and the group that it shares a search with; empty: none, it is searched alone. */
export interface SharedTarget extends Target {
  readonly shareGroup: string;
}

/**
 * What has to be equal, as text: the key of presets, the threads of an untuned server (the default configuration has
 * them), and what is left of the request where misfits are left out.
 */
export function shareIdentity(
  request: SweepRequest,
  announcement: Announcement,
  modelDigest: string,
): string {
  const { hardwareClass, engine, defaultThreads } = announcement;
  const { matrix, protocol } = fitToTarget(request, announcement, modelDigest);
  const fitted = request.leaveOutMisfits ? [toJson(MatrixSchema, matrix), protocol.managed] : [];
  const key = [hardwareClass, modelDigest, engineKindWords(engine?.kind ?? 0), engine?.version ?? ""];
  return JSON.stringify([...key, defaultThreads, ...fitted]);
}

/** The targets with their groups: nobody shares a search with himself alone. */
export function shareTargets(
  request: SweepRequest,
  targets: readonly Target[],
  machines: readonly MachineRow[],
): SharedTarget[] {
  if (!request.shareWithinClass) return targets.map((target) => ({ ...target, shareGroup: "" }));
  const byId = new Map(machines.map((machine) => [machine.id, machine]));
  const identityOf = ({ machineId, modelDigest }: Target): string => {
    const machine = byId.get(machineId);
    return machine ? shareIdentity(request, machine.announcement, modelDigest) : "";
  };
  const groups = groupBy(targets, identityOf);
  return targets.map((target) => {
    const identity = identityOf(target);
    return { ...target, shareGroup: (groups.get(identity)?.length ?? 0) > 1 ? identity : "" };
  });
}
