// What a result says of its trial that the trial knows better. Pure.

import type { Configuration, Purpose } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import { configurationKey, configuration as emptyConfiguration } from "@ozone/shared/configuration";
import { bareDigest } from "@ozone/shared/model-digest";

/** What was ordered. */
export interface OrderedTrial {
  readonly sweepId: string;
  readonly purpose: Purpose;
  readonly configuration: Configuration;
  /** Of its target; empty where nobody knows. */
  readonly modelDigest: string;
}

const NOTHING = emptyConfiguration({ numCtx: 0, numBatch: 0, numPredict: 0 });

/**
 * A machine reports on what it was ordered to measure and on nothing else: by another sweep's name or another configuration
 * its figures would land where it has no trial.
 * @returns what does not agree, for a sentence; null when all does
 */
export function foreignClaim(trial: OrderedTrial, result: TrialResult): string | null {
  if (result.sweepId !== trial.sweepId) return "it names another sweep than its trial belongs to";
  if (result.purpose !== trial.purpose) return "it is for another purpose than was ordered";
  // A server may show a digest in full that was announced in short.
  if (!bareDigest(result.modelDigest).startsWith(bareDigest(trial.modelDigest)))
    return "it is of another model than was ordered";
  const measured = configurationKey(result.configuration ?? NOTHING);
  return measured === configurationKey(trial.configuration)
    ? null
    : "it is of another configuration than was ordered";
}
