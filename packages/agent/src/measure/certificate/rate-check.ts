// Can this machine do it at all? Decode reads all active weights for every token, so memory bandwidth bounds it;
// prefill is bounded by arithmetic; and neither can leave the warm-up of the same model far behind.
import { cacheReadBytes } from "@ozone/shared/memory-model";
import {
  attentionFlops,
  decodeBound,
  type MemoryPlace,
  prefillBound,
  type RateBound,
  ratePlausible as withinBound,
} from "@ozone/shared/roofline";
import { decodeRate, prefillRate } from "../figures.ts";
import { timesFaster } from "./clock-tolerance.ts";
import { type AttemptFacts, loadOf, type SampleFacts } from "./facts.ts";
import { type Finding, failed, passed, unknown } from "./finding.ts";

/**
 * The bandwidth probe finds a lower bound; engines reach up to this much more (see the probe's own reasons). Where
 * others are at work it finds a fraction: 18 GB/s were seen where 47 are there.
 */
const BANDWIDTH_CEILING = { quiet: 2.5, contended: 6 };

/** No memory of one device is read faster (the fastest of 2026 has 8 TB/s, of 2027 by announcement 22). */
const ANY_MEMORY_BYTES_PER_SECOND = 25e12;

/** Weights within this many times the last-level cache may be read from it for a good part. */
const CACHED_UP_TO = 4;

/** Where the caches' own bandwidth was not measured: the largest ratio to memory seen on server chips. */
const CACHE_SPEED_UP = 12;

/** The peak of the arithmetic probe leaves out wider instructions and lower precision. */
const FLOPS_CEILING = 4;

/** No engine makes single tokens faster: launching and reading out one step takes longer than 20 microseconds. */
const DECODE_MAX = 50_000;

/** Decode at depth is never faster than with short prompts. Two threads on two busy cores were seen at a 25th. */
const DECODE_OVER_WARM_UP = { quiet: 5, contended: 40 };

/** Long prompts use full batches; up to 8 times the rate of short ones on large GPUs. */
const PREFILL_OVER_WARM_UP = { quiet: 16, contended: 40 };

/** Rates within what the machine, and the model's own warm-up, allow. */
export function ratePlausible(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const decode = decodeRate(sample.figures);
  const prefill = computedPrefillRate(sample);
  if (decode === null && prefill === null) return unknown("rate_plausible", "there is no rate to judge");
  const complaints = againstWarmUp({ decode, prefill }, attempt);
  if (decode !== null && decode > DECODE_MAX)
    complaints.push(`decode ${rounded(decode)} tokens/s is beyond any machine`);
  const places = placesOf(sample, attempt);
  const decodeJudged = decode === null ? null : withinBound(decode, decodeBoundOf(sample, attempt, places));
  const prefillJudged =
    prefill === null ? null : withinBound(prefill, prefillBoundOf(sample, attempt, places));
  if (decodeJudged?.passed === false) complaints.push(`decode ${decodeJudged.detail}`);
  if (prefillJudged?.passed === false) complaints.push(`prefill ${prefillJudged.detail}`);
  if (complaints.length > 0) return failed("rate_plausible", complaints.join("; "));
  if (decodeJudged === null || decodeJudged.passed === null) {
    return unknown(
      "rate_plausible",
      `${decodeJudged?.detail ?? "there is no decode rate"}; the warm-up agrees`,
    );
  }
  const words = `decode ${decodeJudged.detail}; prefill ${rounded(prefill)} tokens/s`;
  // Below what no memory exceeds is not yet below what this one does.
  return isAssumed(sample, attempt) ? unknown("rate_plausible", words) : passed("rate_plausible", words);
}

/** Of a prompt that the server has mostly in its cache, nobody but the server knows how many tokens it computed. */
const computedPrefillRate = ({ evidence, figures }: SampleFacts): number | null =>
  evidence.repeatedTokens > 0 && figures.cachedTokens === null ? null : prefillRate(figures);

const rounded = (value: number | null): string =>
  value === null ? "unknown" : value.toFixed(value < 100 ? 1 : 0);

/** Whether a sample leaves the warm-up behind: then either is not what the machine does. */
export function isBeyondWarmUp(sample: SampleFacts, attempt: AttemptFacts): boolean {
  const rates = { decode: decodeRate(sample.figures), prefill: computedPrefillRate(sample) };
  return againstWarmUp(rates, attempt).length > 0;
}

function againstWarmUp(
  { decode, prefill }: { decode: number | null; prefill: number | null },
  attempt: AttemptFacts,
): string[] {
  const { warmUp } = attempt;
  const complaints: string[] = [];
  const decodeFactor = timesFaster(attempt, DECODE_OVER_WARM_UP);
  const prefillFactor = timesFaster(attempt, PREFILL_OVER_WARM_UP);
  if (decode !== null && warmUp.decode !== null && decode > decodeFactor * warmUp.decode) {
    complaints.push(
      `decode ${rounded(decode)} tokens/s, but ${rounded(warmUp.decode)} at best in the warm-up`,
    );
  }
  if (prefill !== null && warmUp.prefill !== null && prefill > prefillFactor * warmUp.prefill) {
    complaints.push(
      `prefill ${rounded(prefill)} tokens/s, but ${rounded(warmUp.prefill)} at best in the warm-up`,
    );
  }
  return complaints;
}

/**
 * Where the model lies and how fast that can be read at most; empty when a needed bandwidth is not known. A server
 * that does not show where the model lies may have it on any device.
 */
function placesOf(sample: SampleFacts, attempt: AttemptFacts): MemoryPlace[] {
  const onGpu = shareOnGpu(sample, attempt);
  const ceiling = timesFaster(attempt, BANDWIDTH_CEILING);
  const places: MemoryPlace[] = [];
  if (onGpu < 1) {
    const ram = ramOf(attempt);
    if (ram === null) return [];
    places.push({ name: ram.name, bytesPerSecond: ceiling * ram.bandwidth, share: 1 - onGpu });
  }
  if (onGpu > 0) {
    const measured = attempt.machine.gpuMemoryBandwidthBytesPerSecond ?? null;
    places.push({
      name: measured === null ? "the fastest memory there is" : "GPU",
      bytesPerSecond: measured === null ? ANY_MEMORY_BYTES_PER_SECOND : ceiling * measured,
      share: onGpu,
    });
  }
  return places;
}

const isAssumed = (sample: SampleFacts, attempt: AttemptFacts): boolean =>
  shareOnGpu(sample, attempt) > 0 && (attempt.machine.gpuMemoryBandwidthBytesPerSecond ?? null) === null;

function shareOnGpu(sample: SampleFacts, attempt: AttemptFacts): number {
  const { sizeBytes = null, sizeVramBytes = null } = loadOf(attempt, sample)?.state ?? {};
  if (sizeVramBytes === null) return 1;
  return sizeBytes === null || sizeBytes === 0 ? 0 : Math.min(1, sizeVramBytes / sizeBytes);
}

/** The memory that the processor reads the weights from. */
function ramOf({ machine, details }: AttemptFacts): { name: string; bandwidth: number } | null {
  const cacheBytes = machine.cacheBytes ?? null;
  const fromCache = cacheBytes === null || details.weightBytesPerToken < CACHED_UP_TO * cacheBytes;
  const memory = machine.memoryBandwidthBytesPerSecond;
  const cache = machine.cacheBandwidthBytesPerSecond ?? (memory === null ? null : CACHE_SPEED_UP * memory);
  const bandwidth = fromCache ? cache : memory;
  return bandwidth === null ? null : { name: fromCache ? "the processor's caches" : "RAM", bandwidth };
}

const noBound: RateBound = {
  tokensPerSecond: null,
  words: "no bound: the bandwidth of the memory that holds the model is not known",
};

function decodeBoundOf(
  { figures }: SampleFacts,
  { details, configuration }: AttemptFacts,
  places: readonly MemoryPlace[],
): RateBound {
  if (places.length === 0 || !(details.weightBytesPerToken > 0)) return noBound;
  return decodeBound({
    weightBytesPerToken: details.weightBytesPerToken,
    cacheBytesPerToken: cacheReadBytes(details.architecture, figures.promptTokens, configuration.kvCacheType),
    places,
  });
}

function prefillBoundOf(
  sample: SampleFacts,
  attempt: AttemptFacts,
  places: readonly MemoryPlace[],
): RateBound {
  const { figures } = sample;
  const { details, machine, configuration } = attempt;
  const promptTokens = figures.promptTokens - (figures.cachedTokens ?? 0);
  if (promptTokens < 1) return noBound;
  return prefillBound({
    promptTokens,
    parametersPerPromptToken: details.parametersPerPromptToken,
    attentionFlops: attentionFlops(details.architecture, promptTokens),
    // The processor's arithmetic bounds only what the processor does.
    ...(machine.peakFlops === null || shareOnGpu(sample, attempt) > 0
      ? {}
      : { flopsPerSecond: FLOPS_CEILING * machine.peakFlops }),
    numBatch: Math.max(1, configuration.numBatch),
    weightBytesPerToken: details.weightBytesPerToken,
    places,
  });
}
