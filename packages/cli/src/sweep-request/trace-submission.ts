// The first span of a sweep's trace: from the words that were typed to the sweep that was stored.
import { openTracing, sweepKey } from "@ozone/shared/tracing";

/** Sends it where a collector was named; otherwise does nothing. */
export async function traceSubmission(
  sweepId: string,
  startedAtMs: number,
  onProblem: (sentence: string) => void,
): Promise<void> {
  const tracing = await openTracing({ service: "ozone", env: process.env, onProblem });
  const endedAtMs = Date.now();
  const parent = sweepKey(sweepId);
  tracing.record({ sweepId, name: "submit", key: null, parent, startedAtMs, endedAtMs, attributes: {} });
  await tracing.stop();
}
