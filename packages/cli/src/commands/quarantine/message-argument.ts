// What the commands about one message in quarantine share: how it is named.
import { Args } from "@oclif/core";
import { OzoneError } from "@ozone/shared/errors";

/** The message. */
export const MESSAGE_ARGUMENT = {
  message: Args.string({
    description: "Number of the message, as `ozone quarantine list` shows it.",
    required: true,
  }),
};

/** @throws OzoneError invalid_input when it is no number of a message */
export function messageId(typed: string): bigint {
  if (/^[1-9]\d{0,15}$/.test(typed)) return BigInt(typed);
  throw new OzoneError(
    "invalid_input",
    `${JSON.stringify(typed)} is no number of a message; \`ozone quarantine list\` shows them.`,
  );
}
