// What the samples of an attempt say together: rounds, precision, the trend of a sustained run, and what a reader must
// be told about them.
import {
  type PrecisionReached,
  type Round,
  type Sample,
  SampleKind,
  type Sustained,
} from "@ozone/proto/trial";
import { withRoundRates } from "@ozone/shared/round-rates";
import { usableSamples } from "@ozone/shared/usable-samples";
import type { Attempt, AttemptWarning } from "./attempt.ts";
import { factsOf } from "./attempt-facts.ts";
import { impreciseWarning, precisionReached, precisionValues, stoppingRule } from "./precision.ts";
import { roundsOf } from "./rounds.ts";
import { sustainedTrend, throttledWarning } from "./sustained-trend.ts";

/** Conclusions beyond single samples; `sustained` is absent when there was no such run. */
export interface Conclusions {
  readonly rounds: Round[];
  readonly precision: PrecisionReached;
  readonly sustained?: Sustained;
  readonly warnings: readonly AttemptWarning[];
}

/** @param samples all of the attempt */
export function conclusionsOf(attempt: Attempt, samples: Sample[]): Conclusions {
  const rounds = roundsOf(factsOf(attempt)?.samples ?? []);
  const rule = stoppingRule(attempt.order);
  const { configuration, protocol } = attempt;
  const values = precisionValues(usableSamples({ configuration, protocol, rounds, samples }));
  const precision = precisionReached(values, rule);
  const sustained = sustainedOf(attempt, samples, rounds);
  const told = [
    impreciseWarning(values, precision, rule),
    sustained === null ? null : throttledWarning(sustained),
  ];
  return {
    rounds,
    precision,
    ...(sustained === null ? {} : { sustained }),
    warnings: told.filter((one) => one !== null),
  };
}

function sustainedOf(attempt: Attempt, samples: readonly Sample[], rounds: Round[]): Sustained | null {
  const run = attempt.samples.filter(({ kind }) => kind === SampleKind.SUSTAINED);
  if (run.length === 0) return null;
  const startMs = Math.min(...run.map(({ intendedAtMs }) => intendedAtMs));
  const endMs = Math.max(startMs, ...run.map(({ stream }) => stream.doneAtMs ?? startMs));
  const valid = samples.filter(({ kind, valid }) => kind === SampleKind.SUSTAINED && valid);
  const { configuration } = attempt;
  const rates = withRoundRates({ configuration, rounds }, valid).flatMap(
    (sample) => sample.decodeTokensPerSecond ?? [],
  );
  return sustainedTrend({ durationMs: endMs - startMs, samples: run.length, rates });
}
