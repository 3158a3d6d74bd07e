// How old messages are that are meant.
import { parseDuration } from "@ozone/shared/duration";
import { OzoneError } from "@ozone/shared/errors";

/** @returns 0 when nothing is said of their age. @throws OzoneError invalid_input when the text is no duration */
export function olderThanMs(text: string | undefined): bigint {
  if (text === undefined) return 0n;
  const ms = parseDuration(text);
  if (ms !== null && ms >= 1) return BigInt(ms);
  throw new OzoneError(
    "invalid_input",
    `--older-than ${JSON.stringify(text)} is no duration; write 30d or 12h.`,
  );
}
