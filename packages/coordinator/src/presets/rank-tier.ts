// The configurations of an extreme tier, best first. Pure.
import type { ExtremeTierRange } from "@ozone/shared/extreme-tiers";
import { isProven, succeedsOften } from "./proven.ts";
import type { ConfigurationSummary } from "./summarise.ts";

const CLASSES: readonly ((summary: ConfigurationSummary) => boolean)[] = [
  isProven,
  ({ confirmed }) => confirmed,
  succeedsOften,
];

/**
 * Proven before unproven, confirmed before screened, what succeeds at least 95 % of the time before what fails oftener;
 * then the decode rate. Equal ones by key, so that the order never depends on arrival.
 */
export function rankTier(
  { contextFrom, contextBelow }: ExtremeTierRange,
  summaries: readonly ConfigurationSummary[],
): ConfigurationSummary[] {
  return summaries
    .filter(({ figures: { numCtx } }) => numCtx >= contextFrom && numCtx < contextBelow)
    .toSorted(byRank);
}

function byRank(a: ConfigurationSummary, b: ConfigurationSummary): number {
  for (const holds of CLASSES) {
    const difference = Number(holds(b)) - Number(holds(a));
    if (difference !== 0) return difference;
  }
  return b.figures.decodeTokensPerSecond - a.figures.decodeTokensPerSecond || (a.key < b.key ? -1 : 1);
}

/** "12.3 tokens/s, confirmed, 6/7 runs": what the ranking looks at, to be compared. */
export const tierWords = (summary: ConfigurationSummary): string =>
  [
    `${summary.figures.decodeTokensPerSecond.toFixed(1)} tokens/s`,
    isProven(summary) ? "proven stable" : summary.confirmed ? "confirmed" : "screened only",
    `${summary.successes}/${summary.runs} runs`,
  ].join(", ");
