// What a sample is a sample of. Filled samples make the figures of a configuration (of a machine that
// slows down under load: sustained ones, see sustained-samples.ts); the other kinds are figures of
// their own, and a kind that this version does not know counts for nothing.
import { type Sample, SampleKind, type TrialResult } from "@ozone/proto/trial";

const WORDS: Readonly<Record<SampleKind, string>> = {
  [SampleKind.UNSPECIFIED]: "filled",
  [SampleKind.FILLED]: "filled",
  [SampleKind.DEPTH]: "depth",
  [SampleKind.WARM_PREFIX]: "warm_prefix",
  [SampleKind.SUSTAINED]: "sustained",
  [SampleKind.SHORTER]: "shorter",
};

/** "filled", "depth", "warm_prefix", "sustained", "shorter"; "unknown" for what a newer agent sent. */
export const sampleKindWords = (kind: SampleKind): string => WORDS[kind] ?? "unknown";

/** Whether a sample is one of the configuration itself; agents that knew no other kind sent none. */
export const isFilledSample = ({ kind }: Pick<Sample, "kind">): boolean =>
  kind === SampleKind.FILLED || kind === SampleKind.UNSPECIFIED;

/** The samples of the configuration itself. */
export const filledSamples = (result: Pick<TrialResult, "samples">): Sample[] =>
  result.samples.filter(isFilledSample);
