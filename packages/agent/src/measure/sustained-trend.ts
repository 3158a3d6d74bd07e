// What a run without pauses says: the speed at its beginning, at its end, and whether the difference is chance. Pure.
import { create } from "@bufbuild/protobuf";
import { type Sustained, SustainedSchema } from "@ozone/proto/trial";
import { median } from "@ozone/shared/statistics/median";
import { throttlingSign } from "@ozone/shared/statistics/trend";
import type { AttemptWarning } from "./attempt.ts";

/** Thirds need a rate each. */
const RATES_MIN = 3;

/**
 * Burst and sustained rate with their trend.
 * @param rates decode rates in tokens per second, in the order of time
 */
export function sustainedTrend(run: {
  durationMs: number;
  samples: number;
  rates: readonly number[];
}): Sustained {
  const { durationMs, samples, rates } = run;
  if (rates.length < RATES_MIN) return create(SustainedSchema, { durationMs, samples });
  const { ratio, p, throttled } = throttlingSign(rates);
  const third = Math.floor(rates.length / 3);
  return create(SustainedSchema, {
    durationMs,
    samples,
    burstTokensPerSecond: median(rates.slice(0, third)),
    sustainedTokensPerSecond: median(rates.slice(rates.length - third)),
    ratio,
    p,
    throttled,
  });
}

/** What to say of a machine that slowed down; null when it did not. */
export function throttledWarning({ throttled, ratio, p, ...run }: Sustained): AttemptWarning | null {
  if (!throttled || ratio === undefined || p === undefined) return null;
  const rate = (value: number | undefined): string => (value ?? 0).toFixed(1);
  return {
    code: "throttled",
    message: `The machine slowed down in the sustained run of ${(run.durationMs / 1000).toFixed(0)} s: ${rate(run.burstTokensPerSecond)} tokens/s in its first third, ${rate(run.sustainedTokensPerSecond)} in its last (${(100 * ratio).toFixed(0)} %, p = ${p.toPrecision(2)}); expect the slower figure in long use.`,
  };
}
