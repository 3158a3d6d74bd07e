// What a bench measures besides the figures of its configuration, each apart: other depths, a warm prefix, a sustained
// run, rounds of concurrent requests, and how narrow the intervals became. Pure.
import { Purpose } from "@ozone/proto/configuration";
import { type Sample, SampleKind, type TrialResult } from "@ozone/proto/trial";
import { promptTokensFor } from "@ozone/shared/configuration";
import { withRoundRates } from "@ozone/shared/round-rates";
import { isFilledSample, sampleKindWords } from "@ozone/shared/sample-kinds";
import { supportedPercentile } from "@ozone/shared/statistics/percentile-support";
import { figureOf, medianOf } from "./bench-figure.ts";

const ofKind = ({ samples }: TrialResult, kind: SampleKind): Sample[] =>
  samples.filter((sample) => sample.kind === kind);

/** The other depths in ascending order, with the figures of their valid samples; empty when none was asked for. */
export function curveOf(result: TrialResult) {
  const all = ofKind(result, SampleKind.DEPTH);
  const lengths = [...new Set(all.map(({ promptTokens }) => promptTokens))].sort((a, b) => a - b);
  return lengths.map((promptTokens) => {
    const taken = all.filter((sample) => sample.promptTokens === promptTokens);
    const valid = withRoundRates(
      result,
      taken.filter((sample) => sample.valid),
    );
    return {
      depth: depthOf(result, promptTokens),
      promptTokens,
      valid: taken.every((sample) => sample.valid),
      decodeTokensPerSecond: figureOf(valid.map((one) => one.decodeTokensPerSecond)),
      prefillTokensPerSecond: figureOf(valid.map((one) => one.prefillTokensPerSecond)),
      ttftMs: figureOf(valid.map((one) => one.ttftMs)),
    };
  });
}

/** The share as it was asked for; of a count that the server made up, what that count is a share of. */
function depthOf({ configuration, protocol }: TrialResult, promptTokens: number): number {
  const numCtx = configuration?.numCtx ?? 0;
  const asked = protocol?.depths.find(
    (depth) => configuration !== undefined && promptTokensFor(configuration, depth) === promptTokens,
  );
  return asked ?? (numCtx > 0 ? promptTokens / numCtx : 0);
}

/** Whether the beginning of a warm sample's prompt came from the cache: passed, failed, or not to be told. */
const cacheCheck = ({ checks }: Sample) => checks.find(({ code }) => code === "no_prefix_cache");

/** TTFT of prompts whose beginning came from the cache, of those alone; null when none was asked for. */
export function warmPrefixOf(result: TrialResult) {
  const all = ofKind(result, SampleKind.WARM_PREFIX);
  if (all.length === 0) return null;
  const warm = all.filter((sample) => sample.valid && cacheCheck(sample)?.passed === true);
  return {
    ttftMs: figureOf(warm.map((one) => one.ttftMs)),
    cachedTokens: medianOf(warm.map((one) => one.cachedTokens)),
    promptTokens: medianOf(all.map((one) => one.promptTokens)),
    samples: all.length,
    fromCache: warm.length,
    detail: cacheCheck(all.find((one) => !warm.includes(one)) ?? (all[0] as Sample))?.detail ?? "",
  };
}

/** Burst and sustained rate apart: the first and the last third of the run; null when none was asked for. */
export function sustainedOf(result: TrialResult) {
  const { sustained } = result;
  if (sustained === undefined) return null;
  const valid = ofKind(result, SampleKind.SUSTAINED).filter((sample) => sample.valid);
  const rates = withRoundRates(result, valid).flatMap((sample) => sample.decodeTokensPerSecond ?? []);
  const third = Math.floor(rates.length / 3);
  return {
    durationMs: sustained.durationMs,
    samples: sustained.samples,
    burstTokensPerSecond: figureOf(rates.slice(0, third)),
    sustainedTokensPerSecond: figureOf(rates.slice(rates.length - third)),
    ratio: sustained.ratio ?? null,
    p: sustained.p ?? null,
    throttled: sustained.throttled,
  };
}

/** Requests that shared the server, round by round; empty with one request at a time. */
export const roundsOf = ({ rounds, samples }: TrialResult) =>
  rounds.map(({ round, requests, decodeTokensPerSecond, wallMs }) => ({
    round,
    kind: sampleKindWords(samples.find((one) => one.round === round)?.kind ?? SampleKind.UNSPECIFIED),
    requests,
    decodeTokensPerSecond: decodeTokensPerSecond ?? null,
    wallMs: wallMs ?? null,
  }));

/** What concurrent users waited for, where enough requests carry a percentile; null with one request at a time. */
export function ttftPercentilesOf({ rounds, samples }: TrialResult) {
  if (rounds.length === 0) return null;
  const waits = samples
    .filter((sample) => sample.valid && isFilledSample(sample))
    .flatMap((sample) => sample.ttftMs ?? []);
  return {
    n: waits.length,
    p50Ms: supportedPercentile(waits, 0.5),
    p95Ms: supportedPercentile(waits, 0.95),
  };
}

/** Half-widths of the intervals as shares of the median; `precise` is null when nobody asked for any. */
export function precisionOf({ precision, protocol, purpose }: TrialResult) {
  const asked = protocol?.precision !== undefined && purpose === Purpose.CONFIRM;
  return {
    decode: precision?.decode ?? null,
    prefill: precision?.prefill ?? null,
    ttft: precision?.ttft ?? null,
    precise: asked ? (precision?.precise ?? false) : null,
  };
}
