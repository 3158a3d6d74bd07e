// The flags of an agent's command, with one sentence for those that it does not know.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { messageOf, OzoneError } from "@ozone/shared/errors";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** @throws OzoneError invalid_input for unknown flags, missing values and words that are no flags */
export function readFlags<const Known extends Options>(argv: readonly string[], options: Known) {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (thrown) {
    throw new OzoneError("invalid_input", `${messageOf(thrown)}. See \`ozone-agent --help\`.`);
  }
}
