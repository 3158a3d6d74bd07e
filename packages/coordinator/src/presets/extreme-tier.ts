// The extreme tiers: which configuration stands for each, and what a person must know before using it. Pure.
import { create } from "@bufbuild/protobuf";
import { type ExtremeTier, ExtremeTierSchema } from "@ozone/proto/preset";
import { type TrialResult, Verdict } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { EXTREME_TIERS, type ExtremeTierRange } from "@ozone/shared/extreme-tiers";
import { stability } from "@ozone/shared/figures";
import type { Choice } from "./choice.ts";
import { isProven } from "./proven.ts";
import { rankTier, tierWords } from "./rank-tier.ts";
import { recoveryPlan } from "./recovery-plan.ts";
import { type ConfigurationSummary, counts } from "./summarise.ts";
import { manualOverride, requirements } from "./tier-needs.ts";
import type { WholeKey } from "./whole-key.ts";

/** One choice for each tier of which a context was filled at least once. */
export const tierChoices = (summaries: readonly ConfigurationSummary[]): Choice[] =>
  EXTREME_TIERS.flatMap((tier) => {
    const ranked = rankTier(tier, summaries);
    const { purpose, words } = tier;
    return ranked[0] ? [{ purpose, words, ranked, chosen: ranked[0], explain: tierWords, tier }] : [];
  });

/** What stands on the preset besides its figures. */
export const extremeTier = (
  { chosen }: Choice,
  { contextFrom }: ExtremeTierRange,
  { summaries, base }: WholeKey,
): ExtremeTier =>
  create(ExtremeTierSchema, {
    contextFrom,
    proven: isProven(chosen),
    requirements: requirements(chosen),
    manualOverride: manualOverride(chosen),
    recovery: recoveryPlan(chosen, summaries, base),
  });

/** First of all warnings: proven or not, and how it failed when it did. */
export function tierWarnings(chosen: ConfigurationSummary, results: readonly TrialResult[]): string[] {
  const { successes, runs } = chosen;
  const { words } = stability(successes, runs);
  const first = isProven(chosen)
    ? `Proven stable (${words}): large, but not extreme.`
    : `extreme: not proven stable (${words}); expect failures, and rest nothing important on it.`;
  const classes = failureClasses(chosen, results);
  const failed =
    runs > successes
      ? [
          `${runs - successes} of ${runs} runs did not succeed${classes.length > 0 ? ` (${classes.join(", ")})` : ""}.`,
        ]
      : [];
  return [first, ...failed];
}

const failureClasses = ({ key }: ConfigurationSummary, results: readonly TrialResult[]): string[] => {
  const failed = results.filter(
    (result) =>
      result.verdict === Verdict.FAILED &&
      counts(result) &&
      result.configuration !== undefined &&
      configurationKey(result.configuration) === key,
  );
  return [...new Set(failed.flatMap(({ failure }) => failure?.failureClass ?? []))].sort();
};
