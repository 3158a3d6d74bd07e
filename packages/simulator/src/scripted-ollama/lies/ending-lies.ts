// Lies about how a generation ends.
import type { LieEntry } from "./hooks.ts";

/** The strength of the early stops is the share of tokens that is really generated. */
export const ENDING_LIES = {
  early_stop: {
    couldBe: "The model emits its end token, or a stop word matches, before num_predict is reached.",
    shows: "done_reason is `stop`, eval_count is below num_predict",
    scope: "measured",
    strength: 0.6,
    tell: (share) => ({
      plan: (plan) => ({
        ...plan,
        evalTokens: Math.max(1, Math.floor(plan.evalTokens * share)),
        doneReason: "stop",
      }),
    }),
  },
  early_stop_claims_length: {
    couldBe: "A server ends a generation at its own limit and calls it `length`, as a full context does.",
    shows: "done_reason is `length`, eval_count is below num_predict",
    scope: "measured",
    strength: 0.6,
    tell: (share) => ({
      plan: (plan) => ({
        ...plan,
        evalTokens: Math.max(1, Math.floor(plan.evalTokens * share)),
        doneReason: "length",
      }),
    }),
  },
  missing_done: {
    couldBe: "The token repeat limit of Ollama ends the stream without a last record.",
    shows: "the stream ends properly, but no record has done: true",
    scope: "measured",
    tell: () => ({ final: () => null }),
  },
  done_twice: {
    couldBe: "A retrying proxy joins two answers into one stream.",
    shows: "two records have done: true, with different numbers",
    scope: "measured",
    tell: () => ({
      closing: (line) => [
        line.replace(/"eval_count":(\d+)/, (_all, count) => `"eval_count":${Number(count) * 2}`),
        line,
      ],
    }),
  },
  text_after_done: {
    couldBe: "A server flushes held-back text after it has already summed up.",
    shows: "a record with text follows the record with done: true",
    scope: "measured",
    tell: () => ({
      closing: (line) => [
        line,
        line.replace('"done":true', '"done":false').replace(/"(response|content)":""/, '"$1":" late"'),
      ],
    }),
  },
} as const satisfies Record<string, LieEntry>;
