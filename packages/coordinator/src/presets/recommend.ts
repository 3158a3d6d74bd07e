// The recommendation: production when stability is proven, extreme when not proven but surely more than twice the
// default, else excluded; each with its reason. Pure.
import { create } from "@bufbuild/protobuf";
import {
  type Recommendation,
  type RecommendationCounts,
  RecommendationCountsSchema,
  RecommendationSchema,
} from "@ozone/proto/preset";
import { type TrialResult, Verdict } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { compareRates } from "@ozone/shared/statistics/compare";
import { describeStability, PRODUCTION_BOUND, runsNeeded } from "@ozone/shared/statistics/success-bound";
import { isProven } from "./proven.ts";
import { type ConfigurationSummary, counts } from "./summarise.ts";

/** A gain has to be surely above this to make up for stability that is not proven. */
export const EXTREME_GAIN = 2;

interface GainOver {
  readonly metric: "decode_tokens_per_second" | "num_ctx";
  readonly words: string;
  /** Surely above EXTREME_GAIN: by the lower end of the interval, never by the point. */
  readonly large: boolean;
}

function decodeGain(chosen: ConfigurationSummary, base: ConfigurationSummary): GainOver {
  const rates = ({ samples }: ConfigurationSummary) =>
    samples.flatMap(({ decodeTokensPerSecond }) => decodeTokensPerSecond ?? []);
  const { ratio, low, high } = compareRates(rates(chosen), rates(base));
  const interval =
    low === null || high === null
      ? "(no interval)"
      : `[${Math.exp(low).toFixed(2)}, ${Math.exp(high).toFixed(2)}]`;
  return {
    metric: "decode_tokens_per_second",
    words: `decode rate ${ratio.toFixed(2)} times ${interval}`,
    large: low !== null && Math.exp(low) > EXTREME_GAIN,
  };
}

/** A ratio of two settings that were both filled: there is nothing to estimate, so it has no interval. */
function contextGain(
  { figures: chosen }: ConfigurationSummary,
  { figures: base }: ConfigurationSummary,
): GainOver {
  const ratio = chosen.numCtx / base.numCtx;
  return { metric: "num_ctx", words: `context ${ratio.toFixed(2)} times`, large: ratio > EXTREME_GAIN };
}

const recommendation = (verdict: string, reason: string, metric = ""): Recommendation =>
  create(RecommendationSchema, { verdict, reason, metric });

/** What is missing to production, in words. */
function missing({ successes, runs, confirmed }: ConfigurationSummary): string {
  const more = runsNeeded(PRODUCTION_BOUND, runs - successes) - runs;
  if (more <= 0 && !confirmed) return "a confirmation on fresh samples would make it production";
  return `${more} more ${more === 1 ? "run" : "runs"} without a failure${confirmed ? "" : " and a confirmation"} would prove ${100 * PRODUCTION_BOUND} %`;
}

/**
 * Judges one configuration.
 * @param base the default configuration; undefined where it was not measured.
 */
export function recommend(
  chosen: ConfigurationSummary,
  base: ConfigurationSummary | undefined,
): Recommendation {
  const runs = describeStability(chosen.successes, chosen.runs);
  if (isProven(chosen)) return recommendation("production", `proven stable: ${runs}`);
  const unproven = `not proven stable: ${runs}`;
  const end = missing(chosen);
  if (!base)
    return recommendation(
      "excluded",
      `${unproven}; the default was not measured, so no gain is known; ${end}`,
    );
  if (base.key === chosen.key) {
    return recommendation("excluded", `${unproven}; it is the default, which gains nothing; ${end}`);
  }
  const gains = [decodeGain(chosen, base), contextGain(chosen, base)];
  const large = gains.filter((gain) => gain.large);
  if (large[0]) {
    const words = large.map((gain) => gain.words).join(" and ");
    return recommendation(
      "extreme",
      `${unproven}; but surely more than twice the default: ${words}`,
      large[0].metric,
    );
  }
  const words = gains.map((gain) => gain.words).join(", ");
  return recommendation("excluded", `${unproven}; not surely more than twice the default: ${words}; ${end}`);
}

function withoutSample(group: readonly TrialResult[]): Recommendation {
  const failed = group.filter(({ verdict }) => verdict === Verdict.FAILED);
  const classes = [...new Set(failed.flatMap(({ failure }) => failure?.failureClass ?? []))].sort();
  const how = classes.length > 0 ? `: ${failed.length} failed (${classes.join(", ")})` : "";
  const attempts = `${group.length} ${group.length === 1 ? "attempt" : "attempts"}`;
  return recommendation("excluded", `no sample of it may be used, after ${attempts}${how}`);
}

/** Every configuration that was tried at all, by its key. */
export function recommendations(
  results: readonly TrialResult[],
  summaries: readonly ConfigurationSummary[],
  base: ConfigurationSummary | undefined,
): Map<string, Recommendation> {
  const judged = new Map(summaries.map((summary) => [summary.key, recommend(summary, base)]));
  const others = new Map<string, TrialResult[]>();
  for (const result of results) {
    if (!result.configuration || !counts(result)) continue;
    const key = configurationKey(result.configuration);
    if (!judged.has(key)) others.set(key, [...(others.get(key) ?? []), result]);
  }
  for (const [key, group] of others) judged.set(key, withoutSample(group));
  return judged;
}

/** How many of each. */
export function countByVerdict(judged: readonly Recommendation[]): RecommendationCounts {
  const of = (asked: string) => judged.filter(({ verdict }) => verdict === asked).length;
  return create(RecommendationCountsSchema, {
    production: of("production"),
    extreme: of("extreme"),
    excluded: of("excluded"),
  });
}
