// The samples of an attempt as they travel: figures from server and client, each with its certificate.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { CheckSchema, type Sample, SampleKind, SampleSchema } from "@ozone/proto/trial";
import { isSampleValid } from "@ozone/shared/check-codes";
import { flagOutliers } from "@ozone/shared/statistics/outliers";
import { usableSamples } from "@ozone/shared/usable-samples";
import type { Attempt } from "./attempt.ts";
import { factsOf } from "./attempt-facts.ts";
import { certify } from "./certificate/certify.ts";
import type { AttemptFacts, SampleFacts } from "./certificate/facts.ts";
import type { SampleEvidence } from "./evidence.ts";
import { decodeRate, interTokenTimes, prefillRate } from "./figures.ts";
import { roundsOf } from "./rounds.ts";

/** Fewer samples than this say nothing about outliers. */
const OUTLIERS_FROM = 3;

/** All samples so far, whatever they are samples of. */
export function sampleMessages(attempt: Attempt): Sample[] {
  const facts = factsOf(attempt);
  if (facts === null) return [];
  const outliers = outlierFlags(facts.samples);
  return facts.samples.map((one, index) =>
    sampleOf(one, facts, { index, outlier: outliers[index] ?? false }),
  );
}

/** The samples so far that make the figures of the configuration, with the decode rates that stand for it. */
export function configurationSamples(attempt: Attempt): Sample[] {
  const { configuration, protocol } = attempt;
  const rounds = roundsOf(factsOf(attempt)?.samples ?? []);
  return usableSamples({ configuration, protocol, rounds, samples: sampleMessages(attempt) });
}

/** Samples that make the figures of a configuration: of this one, or of those that share its fills. */
const isOfConfiguration = ({ kind }: SampleEvidence): boolean =>
  kind === SampleKind.FILLED || kind === SampleKind.SHORTER;

/** Flagged by decode rate among the samples of the same configuration; kept all the same. */
function outlierFlags(samples: readonly SampleFacts[]): boolean[] {
  const lengths = [...new Set(samples.map(({ evidence }) => evidence.numPredict))];
  const byLength = lengths.map((numPredict) =>
    flagsAmong(samples, ({ evidence }) => isOfConfiguration(evidence) && evidence.numPredict === numPredict),
  );
  return samples.map((_sample, at) => byLength.some((flags) => flags[at] === true));
}

function flagsAmong(samples: readonly SampleFacts[], isOne: (sample: SampleFacts) => boolean): boolean[] {
  const rates = samples.map((sample) => (isOne(sample) ? decodeRate(sample.figures) : null));
  const known = rates.filter((one) => one !== null);
  if (known.length < OUTLIERS_FROM) return samples.map(() => false);
  const flags = flagOutliers(known);
  return rates.map(
    (one) => one !== null && flags.some(({ value, level }) => value === one && level !== "ordinary"),
  );
}

/** Requests of a round ran together: each has its equal part. */
const energyOf = ({ resources, atOnce }: SampleEvidence): number | undefined =>
  typeof resources.energyJoules === "number" ? resources.energyJoules / Math.max(1, atOnce) : undefined;

/** How late the request was sent, against its schedule. A user's wait begins with the schedule. */
const latenessMs = ({ stream, intendedAtMs }: SampleEvidence): number =>
  Math.max(0, stream.startedAtMs - intendedAtMs);

/** Of a prompt from the cache the rate is known only where the server says how much it computed. */
const publishedPrefillRate = ({ evidence, figures }: SampleFacts): number | null =>
  evidence.repeatedTokens > 0 && figures.cachedTokens === null ? null : prefillRate(figures);

function sampleOf(
  one: SampleFacts,
  attempt: AttemptFacts,
  place: { index: number; outlier: boolean },
): Sample {
  const { evidence, figures, timings } = one;
  const findings = certify(one, attempt);
  const oneByOne = findings.every(({ code, passed }) => code !== "chunk_ratio" || passed === true);
  const gaps = oneByOne ? interTokenTimes(timings) : null;
  const lateMs = latenessMs(evidence);
  return create(SampleSchema, {
    ...place,
    kind: evidence.kind,
    launch: evidence.launch,
    round: evidence.round,
    valid: isSampleValid(findings, evidence.kind),
    checks: findings.map((finding) => create(CheckSchema, finding)),
    promptTokens: figures.promptTokens,
    generatedTokens: figures.generatedTokens,
    prefillTokensPerSecond: publishedPrefillRate(one) ?? undefined,
    decodeTokensPerSecond: decodeRate(figures) ?? undefined,
    ttftMs: timings.ttftMs === null ? undefined : timings.ttftMs + lateMs,
    interTokenP50Ms: gaps?.p50Ms ?? undefined,
    interTokenP95Ms: gaps?.p95Ms ?? undefined,
    totalMs: timings.totalMs === null ? undefined : timings.totalMs + lateMs,
    promptEvalNs: BigInt(figures.promptEvalNs),
    evalNs: BigInt(figures.evalNs),
    loadNs: BigInt(figures.loadNs),
    totalNs: BigInt(figures.totalNs),
    cachedTokens: figures.cachedTokens ?? undefined,
    chunks: evidence.stream.textTimesMs.length,
    startedAt: timestampFromDate(evidence.startedAt),
    energyJoules: energyOf(evidence),
    ...(evidence.fillIndex === undefined
      ? {}
      : { fillIndex: evidence.fillIndex, numPredict: evidence.numPredict }),
  });
}
