// Upper bounds of the rates that a machine can reach, whatever the engine: memory can't be read faster than it can,
// and arithmetic can't be done faster. A measured rate above the bound is refused (certificate, rate_plausible).
import type { ModelArchitecture } from "./model-architecture.ts";
import { requirePositive } from "./statistics/input-checks.ts";
import { formatBytes } from "./units.ts";

/** One kind of memory that holds a share of the model. */
export interface MemoryPlace {
  /** For people: "GPU", "RAM". */
  readonly name: string;
  /** Measured reading bandwidth; of several devices that work at the same time, their sum. */
  readonly bytesPerSecond: number;
  /** Share of the bytes that lies here, 0..1; the shares of all places sum to 1. */
  readonly share: number;
}

/** What generating a token involves at least. */
export interface DecodeWork {
  /** Weights read per token: weightUse().bytesPerToken (active experts only), or less. */
  readonly weightBytesPerToken: number;
  /** Cache read per token of one sequence, at the depth where decoding starts. */
  readonly cacheBytesPerToken: number;
  readonly places: readonly MemoryPlace[];
  /** Sequences decoded together: they share one reading of the weights. */
  readonly concurrency?: number;
  /** Processor caches (last level, all of them): so much need not come from memory. */
  readonly cacheSizeBytes?: number;
  /** Twice weightUse().parametersPerToken; with `flopsPerSecond` gives a second bound. */
  readonly flopsPerToken?: number;
  /** Fastest arithmetic that the engine could use, int8 dot products included. */
  readonly flopsPerSecond?: number;
}

/** A bound and how it came about. */
export interface RateBound {
  /** Null: no bound can be given, the words say why. */
  readonly tokensPerSecond: number | null;
  readonly words: string;
}

/**
 * The highest decode rate possible, summed over concurrent sequences: concurrency / (seconds per step), where a step
 * reads the active weights once and each sequence's cache.
 * Source: roofline model, Williams, Waterman and Patterson 2009; reference/statistics.md 2.3 B.
 * @throws RangeError when a number is not above zero, or the shares don't sum to 1.
 */
export function decodeBound(work: DecodeWork): RateBound {
  const { weightBytesPerToken, cacheBytesPerToken, places, concurrency = 1, cacheSizeBytes = 0 } = work;
  requirePositive([weightBytesPerToken, concurrency], "decodeBound: weights and concurrency");
  requirePlaces(places);
  const stepBytes = weightBytesPerToken + concurrency * Math.max(0, cacheBytesPerToken);
  const read = Math.max(0, stepBytes - cacheSizeBytes);
  const memorySeconds = places.reduce(
    (sum, { share, bytesPerSecond }) => sum + (share * read) / bytesPerSecond,
    0,
  );
  const computeSeconds = secondsOfFlops(concurrency * (work.flopsPerToken ?? 0), work.flopsPerSecond);
  const seconds = Math.max(memorySeconds, computeSeconds);
  if (seconds === 0) {
    const words = `no bound: the ${formatBytes(stepBytes)} of a step fit into the processor's caches`;
    return { tokensPerSecond: null, words };
  }
  const tokensPerSecond = concurrency / seconds;
  const limit =
    memorySeconds >= computeSeconds
      ? `${formatBytes(read)} are read per step from ${placesText(places)}`
      : `${flopsText((work.flopsPerToken ?? 0) * concurrency)} per step at ${flopsText(work.flopsPerSecond ?? 0)} per second`;
  return { tokensPerSecond, words: `at most ${threeDigits(tokensPerSecond)} tokens/s: ${limit}` };
}

/** What reading a prompt involves at least. */
export interface PrefillWork {
  /** Tokens really computed. */
  readonly promptTokens: number;
  /** weightUse().parametersPerPromptToken. */
  readonly parametersPerPromptToken: number;
  /** Work of attention over the whole prompt, from attentionFlops; 0 when unknown. */
  readonly attentionFlops?: number;
  readonly flopsPerSecond?: number;
  /** Weights are read at least once per batch: with these three a second bound comes in. */
  readonly numBatch?: number;
  readonly weightBytesPerToken?: number;
  readonly places?: readonly MemoryPlace[];
  readonly cacheSizeBytes?: number;
}

/**
 * The highest prefill rate possible: 2 FLOPs per parameter and token, plus attention; and one reading of the weights
 * per batch. Null when neither arithmetic rate nor bandwidth is known.
 * Source: Kaplan et al. 2020, 2 N FLOPs per token forward; reference/statistics.md 2.3 B.
 * @throws RangeError when a number is not above zero, or the shares don't sum to 1.
 */
export function prefillBound(work: PrefillWork): RateBound {
  const {
    promptTokens,
    parametersPerPromptToken,
    attentionFlops = 0,
    places = [],
    cacheSizeBytes = 0,
  } = work;
  requirePositive([promptTokens], "prefillBound: promptTokens");
  const flops = 2 * Math.max(0, parametersPerPromptToken) * promptTokens + attentionFlops;
  const computeSeconds = secondsOfFlops(flops, work.flopsPerSecond);
  if (places.length > 0) requirePlaces(places);
  const batches = work.numBatch === undefined ? 1 : Math.ceil(promptTokens / work.numBatch);
  const read = batches * Math.max(0, (work.weightBytesPerToken ?? 0) - cacheSizeBytes);
  const memorySeconds = places.reduce(
    (sum, { share, bytesPerSecond }) => sum + (share * read) / bytesPerSecond,
    0,
  );
  const seconds = Math.max(computeSeconds, memorySeconds);
  if (seconds === 0) {
    return {
      tokensPerSecond: null,
      words: "no bound: neither arithmetic rate nor bandwidth is known for this model",
    };
  }
  const tokensPerSecond = promptTokens / seconds;
  const limit =
    computeSeconds >= memorySeconds
      ? `${flopsText(flops)} for the prompt at ${flopsText(work.flopsPerSecond ?? 0)} per second`
      : `${formatBytes(read)} are read in ${batches} batches from ${placesText(places)}`;
  return { tokensPerSecond, words: `at most ${threeDigits(tokensPerSecond)} tokens/s: ${limit}` };
}

/**
 * FLOPs of attention over a prompt, at least: 2 for each key and value number of each head, for every pair of a token
 * and one before it inside the window. The last layer is left out: it may run for the last token only. 0 when the
 * number of heads or their lengths are unknown.
 * @throws RangeError when promptTokens is not above zero.
 */
export function attentionFlops(architecture: ModelArchitecture, promptTokens: number): number {
  requirePositive([promptTokens], "attentionFlops: promptTokens");
  const { headCount, keyLength, valueLength, layersAtLeast, predictLayers } = architecture;
  if (!headCount || !keyLength || !valueLength) return 0;
  const perPair = 2 * headCount * (keyLength + valueLength);
  return layersAtLeast
    .slice(0, Math.max(0, layersAtLeast.length - predictLayers - 1))
    .filter(({ elementsPerToken }) => elementsPerToken > 0)
    .reduce((sum, { window }) => sum + perPair * pairsWithin(promptTokens, window), 0);
}

/** Pairs of a token with itself and those before it, at most `window` each. */
function pairsWithin(tokens: number, window: number | null): number {
  const reach = Math.min(tokens, window ?? tokens);
  return (reach * (reach + 1)) / 2 + (tokens - reach) * reach;
}

/** A measured rate may exceed the bound by this factor: the bandwidth was measured too. */
export const PLAUSIBLE_UP_TO = 1.1;

/** One check of a certificate: true, false, or null where it can't be made. */
export interface RatePlausibility {
  readonly passed: boolean | null;
  readonly detail: string;
}

/**
 * Compares a measured rate (tokens per second) with its bound: refused above 1.1 times.
 * @throws RangeError when the rate is not above zero.
 */
export function ratePlausible(tokensPerSecond: number, bound: RateBound): RatePlausibility {
  requirePositive([tokensPerSecond], "ratePlausible: tokensPerSecond");
  if (bound.tokensPerSecond === null) return { passed: null, detail: bound.words };
  const passed = tokensPerSecond <= PLAUSIBLE_UP_TO * bound.tokensPerSecond;
  return { passed, detail: `measured ${threeDigits(tokensPerSecond)} tokens/s; ${bound.words}` };
}

function requirePlaces(places: readonly MemoryPlace[]): void {
  requirePositive(
    places.map(({ bytesPerSecond }) => bytesPerSecond),
    "The bandwidth of a memory place",
  );
  const shares = places.reduce((sum, { share }) => sum + share, 0);
  if (Math.abs(shares - 1) > 1e-9 || places.some(({ share }) => share < 0)) {
    throw new RangeError(`The shares of the memory places sum to ${shares}, they must sum to 1.`);
  }
}

const secondsOfFlops = (flops: number, flopsPerSecond: number | undefined): number =>
  flopsPerSecond === undefined || !(flopsPerSecond > 0) ? 0 : flops / flopsPerSecond;

const placesText = (places: readonly MemoryPlace[]): string =>
  places
    .filter(({ share }) => share > 0)
    .map(({ name, bytesPerSecond }) => `${name} at ${(bytesPerSecond / 1e9).toFixed(1)} GB/s`)
    .join(" and ");

const flopsText = (flops: number): string =>
  flops < 1e12 ? `${threeDigits(flops / 1e9)} GFLOP` : `${threeDigits(flops / 1e12)} TFLOP`;

/** Three digits that matter, never in powers of ten. */
const threeDigits = (value: number): string =>
  value < 100 ? String(Number(value.toPrecision(3))) : Math.round(value).toString();
