// What the certificates are made from, taken from the journal of an attempt.

import { isSampleValid } from "@ozone/shared/check-codes";
import { median } from "@ozone/shared/statistics/median";
import type { Attempt } from "./attempt.ts";
import { certify } from "./certificate/certify.ts";
import type { AttemptFacts, SampleFacts } from "./certificate/facts.ts";
import type { Finding } from "./certificate/finding.ts";
import { isBeyondWarmUp } from "./certificate/rate-check.ts";
import { serverFiguresOf, timingsOf } from "./timings.ts";

/** All that is known for certifying the samples so far; null before the model was found. */
export function factsOf(attempt: Attempt): AttemptFacts | null {
  if (attempt.model === null || attempt.details === null) return null;
  const samples: SampleFacts[] = attempt.samples.map((evidence) => ({
    evidence,
    figures: serverFiguresOf(evidence.stream.done, attempt.identity?.version),
    timings: timingsOf(evidence.stream),
  }));
  return {
    configuration: attempt.configuration,
    model: attempt.model,
    details: attempt.details,
    machine: attempt.ports.machine,
    engineVersion: attempt.identity?.version ?? "",
    loads: attempt.loads,
    loadedBefore: attempt.loadedBefore,
    conditions: attempt.conditions,
    warmUp: {
      ...attempt.warmUpRates,
      batchMs: attempt.warmUpBatchMs,
      bytesPerToken: attempt.bytesPerToken,
      singleTokenBytes: attempt.singleTokenBytes.length === 0 ? null : median(attempt.singleTokenBytes),
      loadMs: attempt.warmLoadMs,
    },
    shortPrompt: attempt.shortPrompt,
    halfPrompt: attempt.halfPrompt,
    optionProbes: attempt.optionProbes,
    logged: attempt.ports.managedServer?.logged() ?? null,
    overheadTokens: attempt.overheadTokens,
    exactLengths: attempt.exactLengths,
    samples,
  };
}

/** Whether the last `count` samples pass every check that rejects, as far as can be said by now. */
export function lastSamplesPass(attempt: Attempt, count: number): boolean {
  const facts = factsOf(attempt);
  return (
    facts?.samples.slice(-count).every((one) => isSampleValid(certify(one, facts), one.evidence.kind)) ??
    false
  );
}

/** The checks of the last sample that reject it, as far as can be said by now. */
export function lastFailures(attempt: Attempt): Finding[] {
  const facts = factsOf(attempt);
  const last = facts?.samples.at(-1);
  if (facts === null || last === undefined) return [];
  return certify(last, facts).filter((finding) => !isSampleValid([finding], last.evidence.kind));
}

/** Whether any of the last `count` samples is much faster than the warm-up. */
export function lastSamplesBeyondWarmUp(attempt: Attempt, count: number): boolean {
  const facts = factsOf(attempt);
  return facts?.samples.slice(-count).some((one) => isBeyondWarmUp(one, facts)) ?? false;
}
