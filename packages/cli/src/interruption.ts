// Ctrl-C: the first one asks the command to stop what it started, the second one ends it on the spot.
import { OzoneError } from "@ozone/shared/errors";

/** The person (or the system) asked the command to stop. */
export class Interrupted extends OzoneError {
  constructor(cause?: unknown) {
    super("cancelled", "Interrupted.", { cause });
    this.name = "Interrupted";
  }
}

/** Runs `work` with a signal that aborts at the first SIGINT or SIGTERM. */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once("SIGINT", abort);
  process.once("SIGTERM", abort);
  try {
    return await work(controller.signal);
  } finally {
    process.removeListener("SIGINT", abort);
    process.removeListener("SIGTERM", abort);
  }
}
