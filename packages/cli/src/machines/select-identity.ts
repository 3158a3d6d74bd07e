// Which identity a person means, also of a machine that has never announced itself.
import type { Identity } from "@ozone/proto/identity_service";
import type { Machine } from "@ozone/proto/machine";
import { OzoneError } from "@ozone/shared/errors";

/**
 * Id and name of the machine, by id or name, among those that enrolled and those that announced themselves.
 * @throws OzoneError not_found, or invalid_input where several match
 */
export function selectIdentity(
  identities: readonly Identity[],
  machines: readonly Machine[],
  typed: string,
): { id: string; name: string } {
  // A machine may have announced itself under another name since it enrolled: it is known by both.
  const named = [...machines, ...identities.map(({ machineId, name }) => ({ id: machineId, name }))];
  const matching = [
    ...new Map(
      named.filter(({ id, name }) => id === typed || name === typed).map(({ id, name }) => [id, name]),
    ),
  ];
  const [first] = matching;
  if (first && matching.length === 1) return { id: first[0], name: first[1] };
  if (first)
    throw new OzoneError(
      "invalid_input",
      `${matching.length} machines are called ${JSON.stringify(typed)}: say which id, ${matching.map(([id]) => id).join(", ")}.`,
    );
  throw new OzoneError("not_found", `There is no machine ${JSON.stringify(typed)} (\`ozone machine list\`).`);
}
