// What was chosen for one purpose, before it is written down as a preset.
import type { ExtremeTierRange } from "@ozone/shared/extreme-tiers";
import type { ConfigurationSummary } from "./summarise.ts";

/** A choice with all that it was chosen from. */
export interface Choice {
  readonly purpose: string;
  /** What decided, in words. */
  readonly words: string;
  /** Best first. */
  readonly ranked: readonly ConfigurationSummary[];
  readonly chosen: ConfigurationSummary;
  /** What the ranking looked at, in words that can be compared. */
  readonly explain: (summary: ConfigurationSummary) => string;
  /** Only of extreme tiers. */
  readonly tier?: ExtremeTierRange;
}
