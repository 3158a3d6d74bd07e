// Warm-up: short prompts until two successive decode rates agree; before a confirmation one more at full depth.
// Its rates are thrown away, except as what a sample's are held against.
import { Purpose } from "@ozone/proto/configuration";
import { promptTokensFor } from "@ozone/shared/configuration";
import { warmUp } from "@ozone/shared/statistics/warm-up";
import type { StreamRecord } from "../ollama/stream-record.ts";
import { ask } from "./ask-model.ts";
import { type Attempt, versionOf } from "./attempt.ts";
import { lastSamplesBeyondWarmUp } from "./attempt-facts.ts";
import { decodeRate, prefillRate } from "./figures.ts";
import { expectedMs } from "./time-limits.ts";
import { type ServerFigures, serverFiguresOf, timingsOf } from "./timings.ts";
import type { PromptSource } from "./word-pool.ts";

/** Short enough to cost little, long enough to touch all weights in batches; the short one for slow machines. */
const USUAL = { promptTokens: 128, numPredict: 32 };
const SHORT = { promptTokens: 32, numPredict: 12 };

/** From here on a warm-up request is too dear. */
const DEAR_MS = 4_000;

/** A warm-up that crawled may be asked for again so often. */
const TRIES_AGAIN = 3;

/** @throws TrialFailure */
export async function warmUpRunner(attempt: Attempt, prompts: PromptSource): Promise<void> {
  const { configuration, protocol, order, ports } = attempt;
  ports.onActivity("warming up");
  const full = promptTokensFor(configuration, protocol.fill);
  const rates: number[] = [];
  for (let tried = 0; tried < 4 && warmUp(rates) === "more"; tried += 1) {
    const rate = await askShortPrompt(attempt, prompts);
    if (rate !== null) rates.push(rate);
  }
  if (order.purpose !== Purpose.CONFIRM) return;
  ports.onActivity(`warming up at full depth: ${full} tokens`);
  const { numPredict } = shortSize(attempt);
  await ask(attempt, { prompt: prompts.make(full), promptTokens: full, numPredict });
}

/** Tokens of a short prompt and of its answer. */
function shortSize({ configuration, protocol, pace }: Attempt): typeof USUAL {
  const size = (expectedMs(USUAL, pace) ?? 0) > DEAR_MS ? SHORT : USUAL;
  return {
    promptTokens: Math.min(size.promptTokens, promptTokensFor(configuration, protocol.fill)),
    numPredict: Math.max(2, Math.min(size.numPredict, configuration.numPredict)),
  };
}

/**
 * Asks short prompts again while the last samples are much faster than the warm-up. Two threads on two cores were seen to
 * crawl through a whole warm-up, waiting for each other, at a 24th of what they did right after it.
 * @throws TrialFailure
 */
export async function warmUpAgain(attempt: Attempt, prompts: PromptSource, samples: number): Promise<void> {
  for (let tried = 0; tried < TRIES_AGAIN && lastSamplesBeyondWarmUp(attempt, samples); tried += 1) {
    attempt.ports.onActivity("warming up again: the sample was much faster than the warm-up");
    await askShortPrompt(attempt, prompts);
  }
}

/** @returns the decode rate, null when the server does not tell */
async function askShortPrompt(attempt: Attempt, prompts: PromptSource): Promise<number | null> {
  const { configuration } = attempt;
  const { promptTokens, numPredict } = shortSize(attempt);
  const record = await ask(attempt, { prompt: prompts.make(promptTokens), promptTokens, numPredict });
  const figures = serverFiguresOf(record.done, versionOf(attempt));
  const rate = decodeRate(figures);
  noteRates(attempt, { decode: rate, prefill: prefillRate(figures) });
  noteBytes(attempt, record, figures);
  noteWait(attempt, promptTokens, record);
  if (figures.prefillNs > 0) {
    // The last batch may be a part of one: a full one takes no less.
    const batchMs = figures.prefillNs / 1e6 / Math.ceil(promptTokens / configuration.numBatch);
    attempt.warmUpBatchMs = Math.min(attempt.warmUpBatchMs ?? batchMs, batchMs);
  }
  return rate;
}

/** Keeps the shortest wait: what a short prompt takes at least. */
function noteWait(attempt: Attempt, promptTokens: number, record: StreamRecord): void {
  const { ttftMs } = timingsOf(record);
  if (ttftMs === null) return;
  const known = attempt.shortPrompt?.promptTokens === promptTokens ? attempt.shortPrompt.ttftMs : ttftMs;
  attempt.shortPrompt = { promptTokens, ttftMs: Math.min(known, ttftMs) };
}

/** Keeps the best: what the model can do with short prompts. */
function noteRates(attempt: Attempt, seen: { decode: number | null; prefill: number | null }): void {
  const best = (one: number | null, other: number | null): number | null =>
    one === null || other === null ? (one ?? other) : Math.max(one, other);
  const { warmUpRates } = attempt;
  attempt.warmUpRates = {
    decode: best(warmUpRates.decode, seen.decode),
    prefill: best(warmUpRates.prefill, seen.prefill),
  };
}

/** Bytes of text per token, from answers that came token by token; the smallest, to be careful with what it judges. */
function noteBytes(attempt: Attempt, record: StreamRecord, { generatedTokens }: ServerFigures): void {
  if (generatedTokens === 0 || record.textTimesMs.length < 0.95 * generatedTokens) return;
  const seen = record.textBytes / generatedTokens;
  attempt.bytesPerToken = Math.min(attempt.bytesPerToken ?? seen, seen);
}
