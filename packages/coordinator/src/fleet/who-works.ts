// Which machines are given orders, and which only keep what they have. Pure.
import { isOutside } from "@ozone/shared/machine-hours";
import { versionProblem } from "@ozone/shared/protocol-version";
import type { MachineRow } from "../store/machines.ts";

/** Machines that are online, by what they are ready for. */
export interface Ready {
  /** Not paused, at most a release away: an order that lies in their pipe is not lost. */
  readonly heard: readonly string[];
  /** Those among them that take no trials by themselves: they are for their users now. */
  readonly waiting: ReadonlySet<string>;
  /** Those that are outside their hours. */
  readonly outside: ReadonlySet<string>;
  /** The others: what is given to them is begun. */
  readonly free: readonly string[];
}

const mayWork = ({ paused, announcement }: MachineRow): boolean =>
  paused !== true && versionProblem(announcement) === null;

/** Sorts machines that are online. */
export function whoWorks(online: readonly MachineRow[]): Ready {
  const heard = online.filter(mayWork);
  const idsOf = (machines: readonly MachineRow[]) => machines.map(({ id }) => id);
  return {
    heard: idsOf(heard),
    waiting: new Set(idsOf(heard.filter(({ waits }) => waits))),
    outside: new Set(idsOf(heard.filter(({ hours }) => isOutside(hours)))),
    free: idsOf(heard.filter(({ waits, hours }) => !waits && !isOutside(hours))),
  };
}
