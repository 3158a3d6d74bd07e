// Lies about chunks: the tokens are right, but they don't come one by one when they are made.
import type { LieEntry } from "./hooks.ts";

/** What each strength means is said with the lie. */
export const CHUNK_LIES = {
  merged_chunks: {
    couldBe:
      "A parser, a proxy or speculative decoding puts several tokens into one chunk. Strength: tokens per chunk.",
    shows: "far fewer chunks than eval_count",
    scope: "measured",
    strength: 4,
    tell: (tokens) => ({ plan: (plan) => ({ ...plan, tokensPerChunk: tokens }) }),
  },
  duplicated_chunks: {
    couldBe: "A proxy sends what it already sent again after a hiccup.",
    shows: "more chunks than eval_count, each text twice",
    scope: "measured",
    tell: () => ({ texts: (text) => [text, text] }),
  },
  empty_chunks: {
    couldBe: "A server emits a chunk for every step even when held-back text makes it empty.",
    shows: "every other chunk has no text, more chunks than eval_count",
    scope: "measured",
    tell: () => ({ texts: (text) => ["", text] }),
  },
  early_empty_chunk: {
    couldBe: "A server or proxy flushes headers with an empty chunk before any work is done.",
    shows: "the first chunk comes at once and is empty; the first text comes after prefill",
    scope: "measured",
    tell: () => ({ plan: (plan) => ({ ...plan, opensWithEmptyChunk: true }) }),
  },
  held_first_chunks: {
    couldBe: "Stop-word or UTF-8 holdback delays the first text. Strength: tokens held back.",
    shows: "TTFT is longer than load + prompt_eval by several tokens; the first chunk holds many tokens",
    scope: "measured",
    strength: 12,
    tell: (tokens) => ({ plan: (plan) => ({ ...plan, heldTokens: tokens }) }),
  },
} as const satisfies Record<string, LieEntry>;
