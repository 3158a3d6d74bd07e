// Which machines a sweep means, of those that are online. Pure.
import type { SweepRequest } from "@ozone/proto/sweep";
import { OzoneError } from "@ozone/shared/errors";
import { quoted, someOf } from "@ozone/shared/name-lists";
import { narrowMachines, requireNarrowed } from "@ozone/shared/narrow-machines";
import { versionProblem } from "@ozone/shared/protocol-version";
import type { MachineRow } from "../store/machines.ts";

const refuse = (sentence: string): never => {
  throw new OzoneError("invalid_input", sentence);
};

/** What a request may ask of a machine, and its row. */
const known = (row: MachineRow) => {
  const { name, hardwareClass, factsJson } = row.announcement;
  return { name, hardwareClass, factsJson, tags: row.tags, row };
};

const isAsked = (machine: MachineRow, name: string): boolean =>
  machine.id === name || machine.announcement.name === name;

/** Those that can be given orders. One that was named and is too many releases away says so; others are left out. */
function ofNearVersions(request: SweepRequest, online: readonly MachineRow[]): readonly MachineRow[] {
  const problems = online.flatMap((machine) => {
    const problem = versionProblem(machine.announcement);
    return problem === null ? [] : [{ machine, problem }];
  });
  const named = problems.find(({ machine }) => request.machines.some((name) => isAsked(machine, name)));
  const stuck = named ?? (problems.length === online.length ? problems[0] : undefined);
  if (stuck) refuse(stuck.problem);
  return online.filter((machine) => !problems.some((one) => one.machine === machine));
}

/**
 * The machines that a request means, of those that are online: the named ones, or else all that its tags, classes and query
 * mean; both together: the named ones, each of which has to fit.
 * @throws OzoneError invalid_input with one sentence when there are none, or one that was named is not there or does not fit
 */
export function chooseMachines(request: SweepRequest, there: readonly MachineRow[]): readonly MachineRow[] {
  if (there.length === 0) {
    refuse("No machine is online; start an agent with `ozone up`, and see `ozone machine list`.");
  }
  const online = ofNearVersions(request, there);
  if (request.machines.length === 0)
    return narrowMachines(online.map(known), request, "online").map(({ row }) => row);
  const unknown = request.machines.filter((name) => !online.some((machine) => isAsked(machine, name)));
  if (unknown.length > 0) {
    refuse(
      `No machine ${quoted(unknown)} is online; \`ozone machine list\` shows ${someOf(online.map(({ announcement }) => announcement.name))}.`,
    );
  }
  const named = online.filter((machine) => request.machines.some((name) => isAsked(machine, name)));
  requireNarrowed(named.map(known), request);
  return named;
}
