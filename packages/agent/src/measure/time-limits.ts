// How long a request may take: derived from the size of the context and the rates measured so far in the attempt, so
// that a server that hangs or drips is given up early and a slow honest one is waited for. Pure.

/** Rates seen so far in an attempt, in tokens per second by the client's clock; null before the first answer. */
export interface Pace {
  readonly prefillTokensPerSecond: number | null;
  readonly decodeTokensPerSecond: number | null;
}

/** Size of a request. */
export interface RequestSize {
  readonly promptTokens: number;
  readonly numPredict: number;
}

/** The first look at a loaded model: a few tokens in, a few out. */
const FIRST_ANSWER_MS = 15_000;

/** What every request may need besides tokens: queueing, a slow event loop, a busy machine. */
const SLACK_MS = 5_000;

/** An honest request may be this many times slower than the rates so far predict. */
const PATIENCE = 3;

/**
 * Attention grows with depth: the cost of a token doubles at about this depth on the smallest models, later on large ones.
 * Seen with 4 MB of weights and num_batch 8: 29,491 tokens in 74 s, at 12,000 tokens/s for 128 of them.
 */
const DEPTH_TOKENS = 1024;

/** Loading: start-up of a runner, then a slow disk. With a usual model it stays within a minute. */
const LOAD_BASE_MS = 15_000;
const LOAD_BYTES_PER_MS = 150_000;

/**
 * From the end of the load to the end of the first sample: at num_ctx 2048 a server that hangs or drips is given up
 * within a minute, cleaning up included; the cost of filling a context grows faster than the context.
 */
const PROOF_MS = 45_000;
const PROOF_CONTEXT = 2048;
const PROOF_EXPONENT = 1.5;

/** A server at this share of what its memory bandwidth allows is slow because the model is large, and may be. */
const HONESTLY_SLOW_SHARE = 0.25;
const HONESTLY_SLOW_FACTOR = 8;

/** Time of an attempt, in milliseconds. */
export interface AttemptTime {
  readonly limitMs: number;
  readonly remainingMs: number;
}

/**
 * Expected duration of a request at the rates seen so far, in milliseconds; null before any were.
 * Cost per token = 1 + depth / DEPTH_TOKENS, averaged over the prompt for the prefill.
 */
export function expectedMs({ promptTokens, numPredict }: RequestSize, pace: Pace): number | null {
  const { prefillTokensPerSecond: prefill, decodeTokensPerSecond: decode } = pace;
  if (prefill === null) return null;
  const prefillMs = (1000 * promptTokens * (1 + promptTokens / (2 * DEPTH_TOKENS))) / prefill;
  const decodeMs = (1000 * (numPredict - 1) * (1 + promptTokens / DEPTH_TOKENS)) / (decode ?? prefill / 4);
  return prefillMs + decodeMs;
}

/** Least duration of a request at these rates, depth left out, in milliseconds; null before any were. */
export function leastMs({ promptTokens, numPredict }: RequestSize, pace: Pace): number | null {
  const { prefillTokensPerSecond: prefill, decodeTokensPerSecond: decode } = pace;
  if (prefill === null) return null;
  return (1000 * promptTokens) / prefill + (decode === null ? 0 : (1000 * (numPredict - 1)) / decode);
}

/** Longest time for one request, in milliseconds; `atOnce` requests share the server. */
export function requestLimitMs(
  size: RequestSize,
  pace: Pace,
  time: AttemptTime & { atOnce?: number },
): number {
  const expected = expectedMs(size, pace);
  const limit = expected === null ? FIRST_ANSWER_MS : SLACK_MS + PATIENCE * expected * (time.atOnce ?? 1);
  return Math.max(1, Math.min(limit, time.remainingMs));
}

/** Longest time for loading a model of this size, in milliseconds. */
export const loadLimitMs = (modelBytes: number, time: AttemptTime): number =>
  Math.max(1, Math.min(LOAD_BASE_MS + modelBytes / LOAD_BYTES_PER_MS, time.remainingMs));

/** What a model's rates are held against to tell slow from stuck. */
export interface SpeedFacts {
  readonly bandwidthBytesPerSecond: number | null;
  readonly weightBytesPerToken: number;
}

/** Longest time from the end of a load to the end of the first sample, in milliseconds. */
export function proofLimitMs(numCtx: number, pace: Pace, speed: SpeedFacts): number {
  const usual = PROOF_MS * Math.max(1, numCtx / PROOF_CONTEXT) ** PROOF_EXPONENT;
  return isHonestlySlow(pace, speed) ? HONESTLY_SLOW_FACTOR * usual : usual;
}

function isHonestlySlow({ decodeTokensPerSecond }: Pace, speed: SpeedFacts): boolean {
  const { bandwidthBytesPerSecond: bandwidth, weightBytesPerToken } = speed;
  if (decodeTokensPerSecond === null || bandwidth === null || !(weightBytesPerToken > 0)) return false;
  return decodeTokensPerSecond >= (HONESTLY_SLOW_SHARE * bandwidth) / weightBytesPerToken;
}

/** Below this the fixed cost of a request hides the rate: such an answer can show that a server is fast, not slow. */
const TELLING_TOKENS = 64;

/** One answer, on the client's own clock: a server can't talk itself more time. */
export interface TimedAnswer {
  readonly promptTokens: number;
  readonly ttftMs: number | null;
  readonly spanMs: number | null;
  /** Texts that came, the first included. */
  readonly chunks: number;
}

/** The pace after one more answer: its own where it is telling. */
export function paceAfter(pace: Pace, answer: TimedAnswer): Pace {
  const { prefill, decode } = ratesOf(answer);
  const telling = answer.promptTokens >= TELLING_TOKENS;
  return {
    prefillTokensPerSecond:
      telling && prefill !== null ? prefill : faster(pace.prefillTokensPerSecond, prefill),
    decodeTokensPerSecond: decode ?? pace.decodeTokensPerSecond,
  };
}

/** The best pace after one more answer: what the server can do at least. */
export function bestPaceAfter(best: Pace, answer: TimedAnswer): Pace {
  const { prefill, decode } = ratesOf(answer);
  return {
    prefillTokensPerSecond: faster(best.prefillTokensPerSecond, prefill),
    decodeTokensPerSecond: faster(best.decodeTokensPerSecond, decode),
  };
}

const ratesOf = ({ promptTokens, ttftMs, spanMs, chunks }: TimedAnswer) => ({
  prefill: ttftMs !== null && ttftMs > 0 ? (1000 * promptTokens) / ttftMs : null,
  decode: spanMs !== null && spanMs > 0 && chunks > 1 ? (1000 * (chunks - 1)) / spanMs : null,
});

const faster = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);
