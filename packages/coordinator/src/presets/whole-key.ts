// All that the results of one key say, put in order once: what presets and recommendations are made from. Pure.
import type { Configuration } from "@ozone/proto/configuration";
import type { Recommendation } from "@ozone/proto/preset";
import type { TrialResult } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { expandSharedFills } from "@ozone/shared/expand-shared-fills";
import { recommendations } from "./recommend.ts";
import { type ConfigurationSummary, summarise } from "./summarise.ts";

/** All that is known of a key. */
export interface WholeKey {
  /** By trial and attempt; one whose fills were shared stands here once for each output length. */
  readonly results: readonly TrialResult[];
  readonly summaries: readonly ConfigurationSummary[];
  /** The default configuration; undefined where it was not measured. */
  readonly base: ConfigurationSummary | undefined;
  /** Every configuration that was tried, by its key. */
  readonly judged: ReadonlyMap<string, Recommendation>;
}

/** @param defaults what untuned machines of the class use; the gains are over the one that was measured. */
export function wholeKey(results: readonly TrialResult[], defaults: readonly Configuration[]): WholeKey {
  const sorted = results
    .flatMap(expandSharedFills)
    .toSorted((a, b) => (a.trialId === b.trialId ? a.attempt - b.attempt : a.trialId < b.trialId ? -1 : 1));
  const summaries = summarise(sorted);
  const defaultKeys = new Set(defaults.map(configurationKey));
  const base = summaries.find(({ key }) => defaultKeys.has(key));
  return { results: sorted, summaries, base, judged: recommendations(sorted, summaries, base) };
}
