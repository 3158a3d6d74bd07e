// An unknown command is a usage error with a suggestion.
import type { Hook } from "@oclif/core";
import { closestName } from "@ozone/shared/closest-name";
import { OzoneError } from "@ozone/shared/errors";
import { reportError } from "./error-output.ts";

/** oclif's hook; ids are colon-separated there. */
export const commandNotFound: Hook.CommandNotFound = async ({ id, argv = [], config }) => {
  const typed = id.replaceAll(":", " ");
  const known = [...config.commandIDs, ...config.topics.map(({ name }) => name)].map((commandId) =>
    commandId.replaceAll(":", " "),
  );
  const meant = closestName(typed, known);
  const advice = meant ? `did you mean \`ozone ${meant}\`?` : "`ozone --help` lists what there is.";
  const message = `There is no command \`ozone ${typed.slice(0, 80)}\`; ${advice}`;
  reportError(new OzoneError("invalid_input", message), argv.includes("--json"));
};
