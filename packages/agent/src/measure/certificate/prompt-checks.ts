// Was the prompt read as it was sent: the exact count, nothing cut, nothing taken from a cache?

import { prefillRate } from "../figures.ts";
import { timesFaster } from "./clock-tolerance.ts";
import { type AttemptFacts, ms, nsToMs, type SampleFacts } from "./facts.ts";
import { type Finding, failed, passed, unknown } from "./finding.ts";
import { prefixFromCache } from "./prefix-from-cache.ts";
import { halfComputed } from "./prompt-growth.ts";

/** A raw prompt carries a begin-of-text token at most; more is not the tokenizer's doing. */
const OVERHEAD_TOKENS_MAX = 4;

/** The begin-of-text token and a few first words may be shared with an earlier prompt by chance. */
const SHARED_TOKENS_MAX = 4;

/** A prefill this much faster than its fastest peer's did not compute the same tokens. */
const OVER_PEERS = { quiet: 1.6, contended: 20 };

/** Each batch reads all weights: it takes at least this share of the time of a short prompt's batch. */
const BATCH_SHARE = { quiet: 0.5, contended: 0.1 };

/** Fewer batches are not told from one: prompts differ in length within them. */
const BATCHES_MIN = 3;

/** The cost of a token depends on how many are before it: only prompts of one length that are new can be compared. */
const isPeer = ({ evidence }: SampleFacts, { evidence: judged }: SampleFacts): boolean =>
  evidence.repeatedTokens === 0 && evidence.promptTokens === judged.promptTokens;

const counted = ({ evidence }: SampleFacts): boolean => {
  const value = evidence.stream.done?.prompt_eval_count;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
};

/** The server's count is the one the prompt was made for. */
export function promptTokensMatch(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const { evidence, figures } = sample;
  const { overheadTokens, exactLengths } = attempt;
  if (!exactLengths) {
    return failed(
      "prompt_tokens_match",
      "no common words are counted as one token each, so the server's count of a prompt can't be verified",
    );
  }
  if (!counted(sample)) return uncounted("prompt_tokens_match", sample);
  const sentence = `${evidence.promptTokens} tokens sent, ${figures.promptTokens} counted by the server`;
  if (overheadTokens !== null && overheadTokens > OVERHEAD_TOKENS_MAX) {
    return failed(
      "prompt_tokens_match",
      `${overheadTokens} tokens are counted beyond the words of a raw prompt`,
    );
  }
  return figures.promptTokens === evidence.promptTokens
    ? passed("prompt_tokens_match", sentence)
    : failed("prompt_tokens_match", sentence);
}

/** Without `done` there is nothing to compare; a `done` without a usable count is a count of another length. */
const uncounted = (code: "prompt_tokens_match" | "no_truncation", { evidence }: SampleFacts): Finding => {
  const detail = `${evidence.promptTokens} tokens sent, none counted by the server`;
  return evidence.stream.done === null ? unknown(code, detail) : failed(code, detail);
};

/** Nothing of the prompt was cut. */
export function noTruncation(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const { configuration, exactLengths } = attempt;
  const { evidence, figures } = sample;
  if (!exactLengths) return unknown("no_truncation", "the length of the prompt is not known");
  if (!counted(sample)) return uncounted("no_truncation", sample);
  const lost = evidence.promptTokens - figures.promptTokens;
  const room = configuration.numCtx - figures.promptTokens - figures.generatedTokens;
  if (lost > 0) {
    return failed(
      "no_truncation",
      `${lost} of ${evidence.promptTokens} prompt tokens are missing from the server's count of ${figures.promptTokens}, in num_ctx ${configuration.numCtx}`,
    );
  }
  if (room < 0) {
    return failed(
      "no_truncation",
      `${figures.promptTokens} + ${figures.generatedTokens} tokens do not fit num_ctx ${configuration.numCtx}: the beginning was shifted out`,
    );
  }
  const unread = halfComputed(sample, attempt);
  if (unread !== null) return failed("no_truncation", unread);
  return passed(
    "no_truncation",
    `no token is missing, and ${room} of num_ctx ${configuration.numCtx} stayed free`,
  );
}

/** A sentence about a prefill that took less time than its batches need; null for one that did not. */
function skippedBatches({ figures }: SampleFacts, attempt: AttemptFacts): string | null {
  const { configuration, warmUp } = attempt;
  const batches = Math.floor(figures.promptTokens / Math.max(1, configuration.numBatch));
  if (warmUp.batchMs === null || batches < BATCHES_MIN) return null;
  const tookMs = nsToMs(figures.prefillNs);
  if (tookMs >= timesFaster(attempt, BATCH_SHARE) * batches * warmUp.batchMs) return null;
  return `${figures.promptTokens} tokens in ${batches} full batches took ${ms(tookMs)}, a batch of a short prompt ${ms(warmUp.batchMs)} in the warm-up: part of it was not computed`;
}

/** All of the prompt was computed; of one that repeats another on purpose, that its beginning was not. */
export function noPrefixCache(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const { figures } = sample;
  if (sample.evidence.repeatedTokens > 0) return prefixFromCache(sample, attempt);
  const rate = prefillRate(figures);
  const peers = attempt.samples
    .filter((one) => one !== sample && isPeer(one, sample))
    .map((one) => prefillRate(one.figures))
    .filter((one) => one !== null);
  if (figures.cachedTokens !== null && figures.cachedTokens > SHARED_TOKENS_MAX) {
    return failed(
      "no_prefix_cache",
      `the server took ${figures.cachedTokens} of ${figures.promptTokens} prompt tokens from a cache`,
    );
  }
  if (rate === null) return unknown("no_prefix_cache", "there is no prefill rate to compare");
  const fastest = Math.max(...peers);
  if (peers.length >= 2 && rate > timesFaster(attempt, OVER_PEERS) * fastest) {
    return failed(
      "no_prefix_cache",
      `prefill at ${rate.toFixed(0)} tokens/s, the other samples of the same length at ${fastest.toFixed(0)} at most: part of it was not computed`,
    );
  }
  const skipped = skippedBatches(sample, attempt);
  if (skipped !== null) return failed("no_prefix_cache", skipped);
  const said =
    figures.cachedTokens === null
      ? "the server does not report cached tokens; the first words were never sent before"
      : `${figures.cachedTokens} cached tokens reported`;
  return passed("no_prefix_cache", `${said}, prefill at ${rate.toFixed(0)} tokens/s`);
}
