// The memory model put right by sizes that were really seen: search.md step 1.
import { requirePositive } from "./statistics/input-checks.ts";
import { theilSen } from "./statistics/theil-sen.ts";

/** A size that was seen (size or size_vram of /api/ps, or the process's own) after a load that succeeded. */
export interface MemoryObservation {
  /** Tokens of all sequences together: num_ctx x parallel, as allocated. */
  readonly contextTokens: number;
  readonly totalBytes: number;
}

/** A straight line through the sizes of one model under otherwise equal options. */
export interface MemoryCalibration {
  /** Bytes each further token of context adds. */
  readonly bytesPerToken: number;
  /** Bytes of everything else: weights, buffers, overhead. */
  readonly fixedBytes: number;
  /** Where the line comes from, in words. */
  readonly basis: string;
}

/**
 * Draws the line: from two contexts on by Theil and Sen, from one with the model's own slope. Sizes that don't grow
 * are not believed (some servers report the file size when they can't tell): then the model's slope is used too.
 * Valid between and near the contexts that were seen; other batch sizes, cache types and placements need their own.
 * Source: reference/ollama-facts.md 6, slope = (size(ctx2) - size(ctx1)) / (ctx2 - ctx1).
 * @param expectedBytesPerToken the model's slope, from kvBytesPerToken.
 * @throws RangeError when there is no observation, or a number is not above zero.
 */
export function calibrateMemory(
  observations: readonly MemoryObservation[],
  expectedBytesPerToken: number,
): MemoryCalibration {
  requirePositive(
    observations.flatMap(({ contextTokens, totalBytes }) => [contextTokens, totalBytes]),
    "calibrateMemory",
    2,
  );
  const contexts = new Set(observations.map(({ contextTokens }) => contextTokens)).size;
  if (contexts === 1) {
    return anchored(observations, expectedBytesPerToken, "one context was seen; its growth is calculated");
  }
  const line = theilSen(
    observations.map(({ contextTokens, totalBytes }) => ({ x: contextTokens, y: totalBytes })),
  );
  if (line.slope <= 0) {
    const basis = "the sizes seen do not grow with the context, so its growth is calculated";
    return anchored(observations, expectedBytesPerToken, basis);
  }
  return { bytesPerToken: line.slope, fixedBytes: line.intercept, basis: `${contexts} contexts were seen` };
}

/** The model's slope through the highest of the sizes seen: rather too much than too little. */
function anchored(
  observations: readonly MemoryObservation[],
  bytesPerToken: number,
  basis: string,
): MemoryCalibration {
  const rests = observations.map(
    ({ contextTokens, totalBytes }) => totalBytes - bytesPerToken * contextTokens,
  );
  return { bytesPerToken, fixedBytes: Math.max(...rests), basis };
}

/**
 * Bytes expected at another context, tokens of all sequences together.
 * @throws RangeError when contextTokens is not above zero.
 */
export function calibratedBytes(
  { bytesPerToken, fixedBytes }: MemoryCalibration,
  contextTokens: number,
): number {
  requirePositive([contextTokens], "calibratedBytes: contextTokens");
  return fixedBytes + bytesPerToken * contextTokens;
}
