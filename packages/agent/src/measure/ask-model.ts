// The one way to ask the loaded model for tokens: all options said, within a time limit that follows from what the
// attempt has seen.
import { TrialFailure } from "@ozone/shared/failure";
import { formatDuration } from "@ozone/shared/units";
import type { StreamRecord } from "../ollama/stream-record.ts";
import { type Attempt, loadOptionsOf } from "./attempt.ts";
import { requestOptions } from "./sample-options.ts";
import {
  type AttemptTime,
  bestPaceAfter,
  leastMs,
  paceAfter,
  proofLimitMs,
  type RequestSize,
  requestLimitMs,
} from "./time-limits.ts";
import { serverFiguresOf, timingsOf } from "./timings.ts";

/** Time used and left: of the whole attempt, and until the first sample has to be there. */
export function timeOf(attempt: Attempt): AttemptTime {
  const now = performance.now();
  const remainingMs = attempt.limitMs - (now - attempt.startedAtMs);
  if (attempt.proofFromMs === null) return { limitMs: attempt.limitMs, remainingMs };
  const proofMs = proofLimitMs(attempt.configuration.numCtx, attempt.bestPace, {
    bandwidthBytesPerSecond: attempt.ports.machine.memoryBandwidthBytesPerSecond,
    weightBytesPerToken: attempt.details?.weightBytesPerToken ?? 0,
  });
  return {
    limitMs: attempt.limitMs,
    remainingMs: Math.min(remainingMs, proofMs - (now - attempt.proofFromMs)),
  };
}

/** One question to the loaded model. */
export interface Question {
  readonly prompt: string;
  /** Expected length of the prompt in tokens; only for the time limit. */
  readonly promptTokens: number;
  readonly numPredict: number;
  /** Requests that are made at the same time, this one included. */
  readonly atOnce?: number;
  /** Tokens at the beginning of the prompt that the server need not compute again. */
  readonly repeatedTokens?: number;
}

/**
 * Asks the loaded model, within a limit that follows from the rates so far.
 * @throws TrialFailure
 */
export async function ask(attempt: Attempt, question: Question): Promise<StreamRecord> {
  requireTime(attempt, question);
  attempt.requests += 1;
  const { prompt, promptTokens, numPredict, atOnce = 1, repeatedTokens = 0 } = question;
  const options = requestOptions(loadOptionsOf(attempt), { numPredict, seed: attempt.requests });
  const limitMs = requestLimitMs(question, attempt.pace, { ...timeOf(attempt), atOnce });
  const record = await attempt.engine.generate(
    { model: attempt.order.modelName, prompt, options, phase: "run" },
    { signal: attempt.ports.signal, limitMs },
  );
  if (record.done !== null) {
    if (numPredict === 1 && record.textBytes > 0) attempt.singleTokenBytes.push(record.textBytes);
    attempt.warmLoadMs = Math.min(attempt.warmLoadMs ?? Infinity, serverFiguresOf(record.done).loadNs / 1e6);
  }
  const { ttftMs, spanMs } = timingsOf(record);
  if (ttftMs !== null) attempt.warmTtftMs = Math.min(attempt.warmTtftMs ?? Infinity, ttftMs);
  const chunks = record.textTimesMs.length;
  // Requests that share the server say nothing about one that has it alone, nor do prompts from its cache.
  if (atOnce === 1 && repeatedTokens === 0) {
    const answer = { promptTokens, ttftMs, spanMs, chunks };
    attempt.pace = paceAfter(attempt.pace, answer);
    attempt.bestPace = bestPaceAfter(attempt.bestPace, answer);
  }
  return record;
}

/** Whether a request can end in the time that is left, at the best rates seen so far. */
export function canEndInTime(attempt: Attempt, size: RequestSize): boolean {
  const { remainingMs } = timeOf(attempt);
  const expected = leastMs(size, attempt.bestPace);
  return remainingMs > 0 && (expected === null || expected <= remainingMs);
}

/**
 * Gives up before a request that can't end in time at the best rates seen so far.
 * @throws TrialFailure request_timeout
 */
export function requireTime(attempt: Attempt, size: RequestSize): void {
  const { remainingMs } = timeOf(attempt);
  if (canEndInTime(attempt, size)) return;
  const expected = leastMs(size, attempt.bestPace);
  const spentMs = performance.now() - attempt.startedAtMs;
  const why =
    expected === null || remainingMs <= 0
      ? `The time for this context is used up after ${formatDuration(spentMs)}.`
      : `At the best rates seen so far ${size.promptTokens} + ${size.numPredict} tokens take ${formatDuration(expected)}, and ${formatDuration(remainingMs)} are left.`;
  throw new TrialFailure(
    "request_timeout",
    `${why} The server hangs or drips, or the context is too large for this machine; use a smaller num_ctx or a longer time limit.`,
  );
}
