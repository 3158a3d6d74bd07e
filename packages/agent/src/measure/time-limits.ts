// How long a request may take: derived from the size of the context and the rates measured so far in the attempt, so
// that a server that hangs or drips is given up early and a slow honest one is waited for.

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

/** The first, short requests: a few tokens on a loaded model. */
const FIRST_ANSWER_MS = 15_000;

/** What every request may need besides tokens: queueing, a slow event loop, a busy machine. */
const SLACK_MS = 5_000;

/** An honest request may be this many times slower than the rates so far predict. */
const PATIENCE = 3;

/** Attention grows with depth: rates measured on short prompts halve at about this many tokens on small models. */
const DEPTH_TOKENS = 4096;

/** No single request may use more than this share of the attempt's time. */
const REQUEST_SHARE = 0.6;

/** Loading: start-up of a runner, then a slow disk. */
const LOAD_BASE_MS = 20_000;
const LOAD_BYTES_PER_MS = 50_000;

/**
 * Expected duration of a request at the rates seen so far, in milliseconds; null before any were.
 * The depth factor assumes cost per token = 1 + depth / DEPTH_TOKENS, averaged over the prompt for the prefill.
 */
export function expectedMs({ promptTokens, numPredict }: RequestSize, pace: Pace): number | null {
  const { prefillTokensPerSecond: prefill, decodeTokensPerSecond: decode } = pace;
  if (prefill === null) return null;
  const prefillMs = (1000 * promptTokens * (1 + promptTokens / (2 * DEPTH_TOKENS))) / prefill;
  const decodeMs = (1000 * (numPredict - 1) * (1 + promptTokens / DEPTH_TOKENS)) / (decode ?? prefill / 4);
  return prefillMs + decodeMs;
}

/** Longest time for one request, in milliseconds. */
export function requestLimitMs(size: RequestSize, pace: Pace, attempt: AttemptTime): number {
  const expected = expectedMs(size, pace);
  const limit = expected === null ? FIRST_ANSWER_MS : SLACK_MS + PATIENCE * expected;
  return Math.max(1, Math.min(limit, attempt.limitMs * REQUEST_SHARE, attempt.remainingMs));
}

/** Longest time for loading a model of this size, in milliseconds. */
export const loadLimitMs = (modelBytes: number, attempt: AttemptTime): number =>
  Math.max(
    1,
    Math.min(
      LOAD_BASE_MS + modelBytes / LOAD_BYTES_PER_MS,
      attempt.limitMs * REQUEST_SHARE,
      attempt.remainingMs,
    ),
  );

/** Time of an attempt, in milliseconds. */
export interface AttemptTime {
  readonly limitMs: number;
  readonly remainingMs: number;
}

/**
 * The pace after one more answer, from the client's own clock: a server can't talk itself more time.
 * Only answers with something to divide change it.
 */
export function paceAfter(
  pace: Pace,
  answer: RequestSize & { readonly ttftMs: number | null; readonly decodeMs: number | null },
): Pace {
  const { promptTokens, numPredict, ttftMs, decodeMs } = answer;
  return {
    prefillTokensPerSecond:
      ttftMs !== null && ttftMs > 0 ? (1000 * promptTokens) / ttftMs : pace.prefillTokensPerSecond,
    decodeTokensPerSecond:
      decodeMs !== null && decodeMs > 0 && numPredict > 1
        ? (1000 * (numPredict - 1)) / decodeMs
        : pace.decodeTokensPerSecond,
  };
}
