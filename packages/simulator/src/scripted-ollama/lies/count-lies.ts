// Lies about numbers of tokens.
import type { FinalRecord, LieEntry } from "./hooks.ts";

const numberOf = (record: FinalRecord, key: string) => {
  const value = record[key];
  return typeof value === "number" ? value : 0;
};

const scaled = (record: FinalRecord, key: string, factor: number): FinalRecord => ({
  ...record,
  [key]: Math.round(numberOf(record, key) * factor),
});

/** Each entry's strength is the factor of inflation unless it says otherwise. */
export const COUNT_LIES = {
  inflated_eval_count: {
    couldBe: "A server counts decode calls or drafted tokens instead of the tokens that it delivered.",
    shows: "eval_count is above num_predict and above the chunks that came",
    scope: "always",
    strength: 1.25,
    tell: (factor) => ({ final: (record) => scaled(record, "eval_count", factor) }),
  },
  phantom_tokens: {
    couldBe: "A server gives up early but fills in the count that was asked for.",
    shows: "eval_count equals num_predict, but fewer chunks and less text came and eval_duration is short",
    scope: "measured",
    strength: 1.5,
    tell: (factor) => {
      let claimed = 0;
      return {
        plan: (plan) => {
          claimed = plan.evalTokens;
          return { ...plan, evalTokens: Math.max(1, Math.floor(plan.evalTokens / factor)) };
        },
        final: (record) => ({ ...record, eval_count: claimed }),
      };
    },
  },
  inflated_prompt_count: {
    couldBe: "A server counts tokens of a template or of a padded batch as part of the prompt.",
    shows: "prompt_eval_count is above the number of tokens that were sent",
    scope: "always",
    strength: 1.1,
    tell: (factor) => ({ final: (record) => scaled(record, "prompt_eval_count", factor) }),
  },
  cached_prefix_reported: {
    couldBe:
      "A server finds most of the prompt in a cache in spite of its unique beginning, and says so. Strength: the share.",
    shows: "prompt_eval_cached_count is large, prompt_eval_duration and TTFT are short",
    scope: "measured",
    strength: 0.9,
    tell: (share) => {
      let cached = 0;
      return {
        plan: (plan) => {
          cached = Math.floor(plan.promptTokens * share);
          return { ...plan, cachedTokens: cached };
        },
        final: (record) => ({ ...record, prompt_eval_cached_count: cached }),
      };
    },
  },
  non_integer_counts: {
    couldBe: "A proxy averages or estimates counts and passes on fractions.",
    shows: "eval_count is a number such as 31.5",
    scope: "measured",
    tell: () => ({
      final: (record) => ({
        ...record,
        eval_count: numberOf(record, "eval_count") - 0.5,
        prompt_eval_count: numberOf(record, "prompt_eval_count") + 0.5,
      }),
    }),
  },
  nan_or_string_counts: {
    couldBe: "A proxy in another language turns numbers into text and missing ones into null or NaN.",
    shows: 'eval_count is "32", eval_duration is null, prompt_eval_count is "NaN"',
    scope: "measured",
    tell: () => ({
      final: (record) => ({
        ...record,
        eval_count: String(record.eval_count),
        eval_duration: null,
        prompt_eval_count: "NaN",
      }),
    }),
  },
} as const satisfies Record<string, LieEntry>;
