// Tags that people give to machines and take away again.
import { OzoneError } from "@ozone/shared/errors";
import { requireTags, TAGS_PER_MACHINE_MAX } from "@ozone/shared/tags";
import { noteAct } from "../store/acts.ts";
import { addTags, removeTags } from "../store/machine-tags.ts";
import { findMachine, type MachineRow } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";

/** What is to change on one machine. */
export interface TagChange {
  readonly machineId: string;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly who: string;
}

/**
 * Changes the tags of a machine, all of them or none.
 * @throws OzoneError invalid_input (no tag, too many), not_found
 * @returns the machine as it is now
 */
export async function changeTags(store: Store, change: TagChange): Promise<MachineRow> {
  const { machineId, add = [], remove = [], who } = change;
  requireTags([...add, ...remove]);
  return store.db.transaction(async (tx) => {
    // Locked, so that two people who tag one machine at once can't pass the limit together.
    const before = await findMachine(tx, machineId, true);
    if (before === null) throw notKnown(machineId);
    await addTags(tx, machineId, [...new Set(add)]);
    await removeTags(tx, machineId, remove);
    const machine = await findMachine(tx, machineId);
    if (machine === null) throw notKnown(machineId);
    if (machine.tags.length <= TAGS_PER_MACHINE_MAX) {
      const detail = changeWords(before.tags, machine.tags);
      if (detail !== "") await noteAct(tx, { who, what: "tagged", about: machineId, detail });
      return machine;
    }
    throw new OzoneError(
      "invalid_input",
      `${machine.announcement.name} would carry ${machine.tags.length} tags, and ${TAGS_PER_MACHINE_MAX} are the most; take some away with \`ozone machine untag\`.`,
    );
  });
}

/** "+gpu -desk" */
const changeWords = (before: readonly string[], after: readonly string[]): string =>
  [
    ...after.filter((tag) => !before.includes(tag)).map((tag) => `+${tag}`),
    ...before.filter((tag) => !after.includes(tag)).map((tag) => `-${tag}`),
  ].join(" ");

const notKnown = (machineId: string): OzoneError =>
  new OzoneError(
    "not_found",
    `There is no machine ${JSON.stringify(machineId)}; \`ozone machine list\` shows them.`,
  );
