// Whether to use a configuration: proven, or worth a risk, or neither. Pure.
//
// The ancestor's report has the rule with its comparison the wrong way round ("recommend if stability <= 0.95"), so that
// what fails most often would have been recommended first.

import { create } from "@bufbuild/protobuf";
import type { Configuration } from "@ozone/proto/configuration";
import { type Gain, type Recommendation, RecommendationSchema } from "@ozone/proto/preset";
import {
  describeStability,
  PRODUCTION_BOUND,
  runsNeeded,
  stabilityGrade,
} from "@ozone/shared/statistics/success-bound";

/** From this gain over the default on, what is not proven may be worth its risk (product.md, S8). */
const EXTREME_GAIN = 2;

/** What a recommendation rests on. */
export interface Grounds {
  readonly successes: number;
  readonly runs: number;
  /** Its figures come from confirmations. */
  readonly confirmed: boolean;
  readonly gains: readonly Gain[];
  readonly configuration: Configuration;
  /** What the gains are over; absent: it was not measured. */
  readonly base?: Configuration;
}

const METRIC_WORDS: Readonly<Record<string, string>> = {
  decode_tokens_per_second: "the decode rate",
  ttft_ms: "the time to the first token",
};

/** Gains beyond the limit: of measured ones the whole interval has to be; the room is exact. */
function greatGains({ gains, configuration, base }: Grounds): string[] {
  const measured = gains.flatMap(({ metric, ratio, ciLow }) =>
    ciLow !== undefined && ciLow > EXTREME_GAIN
      ? [`${METRIC_WORDS[metric] ?? metric} is ${ratio.toFixed(1)} times as good as the default's`]
      : [],
  );
  const room = base === undefined || base.numCtx === 0 ? 0 : configuration.numCtx / base.numCtx;
  return room > EXTREME_GAIN
    ? [...measured, `the context is ${room.toFixed(1)} times the default's`]
    : measured;
}

/** production, extreme or excluded, with the reason in words. */
export function recommend(grounds: Grounds): Recommendation {
  const { successes, runs, confirmed } = grounds;
  const words = describeStability(successes, runs);
  if (confirmed && stabilityGrade(successes, runs).production) {
    return create(RecommendationSchema, { word: "production", reason: `proven stable: ${words}.` });
  }
  const missing = runsNeeded(PRODUCTION_BOUND, runs - successes) - runs;
  const unproven = confirmed
    ? `not proven stable: ${words}; ${missing} more runs without a failure would prove 95 %`
    : "not confirmed on fresh samples";
  const great = greatGains(grounds);
  if (great.length > 0) {
    return create(RecommendationSchema, {
      word: "extreme",
      reason: `${unproven}, but ${great.join(", and ")}.`,
    });
  }
  const nothing =
    grounds.base === undefined
      ? "its gain over the default is not known"
      : "nothing it gains is over twice the default";
  return create(RecommendationSchema, { word: "excluded", reason: `${unproven}, and ${nothing}.` });
}
