// The note of a search that ends because nothing works at all: with the reason that the last failures gave.
import { FAILURE_ADVICE, isFailureClass } from "@ozone/shared/failure";
import type { Observation } from "./strategy.ts";

/** One sentence for a person: how many were tried, why the last failed, and what to do. */
export function hopelessNote(observations: readonly Observation[]): string {
  const failed = observations.findLast(({ failureClass }) => failureClass !== null)?.failureClass ?? null;
  const why = failed !== null && isFailureClass(failed) ? `${failed}. ${FAILURE_ADVICE[failed]} See` : "see";
  return `The first ${observations.length} trials gave no usable sample: ${why} \`ozone sweep show\`.`;
}
