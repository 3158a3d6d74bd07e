// Which machine a person means.
import type { Machine } from "@ozone/proto/machine";
import { OzoneError } from "@ozone/shared/errors";

const NAMED_MAX = 5;

/**
 * The machine of this id or name; without one the only one there is.
 * @throws OzoneError that names what there is: not_found, or invalid_input where several match.
 */
export function selectMachine(
  machines: readonly Machine[],
  typed: string,
  whatToDo = "add --machine with an id",
): Machine {
  const matching =
    typed === "" ? machines : machines.filter(({ id, name }) => id === typed || name === typed);
  const [first, ...others] = matching;
  if (first && others.length === 0) return first;
  if (machines.length === 0)
    throw new OzoneError(
      "not_found",
      "No machine has announced itself yet; `ozone up` starts an agent here.",
    );
  const named = (matching.length > 0 ? matching : machines)
    .slice(0, NAMED_MAX)
    .map(({ id, name }) => `${id} (${name})`)
    .join(", ");
  if (!first)
    throw new OzoneError(
      "not_found",
      `There is no machine ${JSON.stringify(typed)}; there are ${named} (\`ozone machine list\`).`,
    );
  throw new OzoneError(
    "invalid_input",
    `${matching.length} machines match; ${whatToDo}: ${named} (\`ozone machine list\`).`,
  );
}
