// How long a machine may wait for a quiet moment, as typed.
import { parseDuration } from "@ozone/shared/duration";
import { OzoneError } from "@ozone/shared/errors";

/** Nothing when nothing was typed. @throws OzoneError invalid_input */
export function quietWait(typed: string | undefined): { quietWaitMs?: number } {
  if (typed === undefined) return {};
  const quietWaitMs = parseDuration(typed);
  if (quietWaitMs !== null) return { quietWaitMs };
  throw new OzoneError(
    "invalid_input",
    `--quiet-wait ${JSON.stringify(typed)} is no duration; write for example 60s, 5m or 0s.`,
  );
}
