// Which machines a person means by names, ids, tags, classes and a query together.
import type { Identity } from "@ozone/proto/identity_service";
import type { Machine } from "@ozone/proto/machine";
import { OzoneError } from "@ozone/shared/errors";
import { machinesWhere } from "@ozone/shared/narrow-machines";
import { selectIdentity } from "./select-identity.ts";

/** What was typed. */
export interface Selection {
  readonly named: readonly string[];
  readonly tags: readonly string[];
  readonly classes: readonly string[];
  /** A query of machines; undefined: none was typed. */
  readonly where?: string | undefined;
}

/** The fleet to choose from. */
export interface Fleet {
  readonly identities: readonly Identity[];
  readonly machines: readonly Machine[];
}

/**
 * Each machine once, in the order in which they were meant.
 * @throws OzoneError invalid_input when nothing was typed, not_found for what means no machine
 */
export function selectSeveral(
  { identities, machines }: Fleet,
  { named, tags, classes, where }: Selection,
): { id: string; name: string }[] {
  if (named.length + tags.length + classes.length === 0 && where === undefined)
    throw new OzoneError(
      "invalid_input",
      "Name machines, or say --tag, --class or --where (`ozone machine list`).",
    );
  const byNames = named.map((typed) => selectIdentity(identities, machines, typed));
  const byGroups = machines.filter(
    ({ tags: its, hardwareClass }) =>
      its.some((tag) => tags.includes(tag)) || classes.includes(hardwareClass),
  );
  const lost = [
    ...tags.filter((tag) => !machines.some((machine) => machine.tags.includes(tag))),
    ...classes.filter((one) => !machines.some(({ hardwareClass }) => hardwareClass === one)),
  ];
  if (lost.length > 0)
    throw new OzoneError(
      "not_found",
      `No machine has the tag or class ${JSON.stringify(lost[0])} (\`ozone machine list\`).`,
    );
  const byQuery = where === undefined ? [] : machinesWhere(machines, where);
  if (where !== undefined && byQuery.length === 0)
    throw new OzoneError(
      "not_found",
      `No machine surely matches ${JSON.stringify(where)} (\`ozone machine list --where\`).`,
    );
  return [
    ...new Map([...byNames, ...byGroups, ...byQuery].map(({ id, name }) => [id, { id, name }])).values(),
  ];
}
