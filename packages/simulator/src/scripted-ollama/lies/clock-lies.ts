// Lies about durations.
import type { FinalRecord, LieEntry } from "./hooks.ts";

const DURATIONS = ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"] as const;

function scaleDurations(record: FinalRecord, keys: readonly string[], factor: number): FinalRecord {
  const changed: Record<string, unknown> = { ...record };
  for (const key of keys) {
    const value = record[key];
    if (typeof value === "number") changed[key] = Math.round(value * factor);
  }
  return changed;
}

/** Each entry's strength is a factor on durations unless it says otherwise. */
export const CLOCK_LIES = {
  cached_prefix_hidden: {
    couldBe:
      "A server counts a prompt as if it had been cached: all tokens in the count, a fraction of the time.",
    shows: "prompt_eval_duration is far below TTFT minus load_duration",
    scope: "measured",
    strength: 0.08,
    tell: (factor) => ({ final: (record) => scaleDurations(record, ["prompt_eval_duration"], factor) }),
  },
  zero_durations: {
    couldBe: "A server fails to take the times; zero values are left out of the JSON.",
    shows: "eval_duration and prompt_eval_duration are missing keys",
    scope: "measured",
    tell: () => ({
      final: ({ eval_duration: _eval, prompt_eval_duration: _promptEval, ...rest }) => rest,
    }),
  },
  negative_durations: {
    couldBe: "The host's wall clock was set back during the request.",
    shows: "durations below zero",
    scope: "measured",
    tell: () => ({
      final: (record) => scaleDurations(record, ["eval_duration", "prompt_eval_duration"], -1),
    }),
  },
  swapped_durations: {
    couldBe: "A translating proxy confuses prefill with decode.",
    shows: "prompt_eval_duration and eval_duration are exchanged against the client's clock",
    scope: "measured",
    tell: () => ({
      final: (record) => ({
        ...record,
        prompt_eval_duration: record.eval_duration,
        eval_duration: record.prompt_eval_duration,
      }),
    }),
  },
  clocks_disagree_fast: {
    couldBe: "A virtual machine's clock runs slow, so that every duration looks short.",
    shows: "all durations are half of what the client sees",
    scope: "measured",
    strength: 0.5,
    tell: (factor) => ({ final: (record) => scaleDurations(record, DURATIONS, factor) }),
  },
  clocks_disagree_slow: {
    couldBe: "A virtual machine's clock runs fast, so that every duration looks long.",
    shows: "total_duration is above what the client sees",
    scope: "measured",
    strength: 1.5,
    tell: (factor) => ({ final: (record) => scaleDurations(record, DURATIONS, factor) }),
  },
  total_less_than_parts: {
    couldBe: "Parts of a request are timed by different processes and added up wrongly.",
    shows: "total_duration is below load + prompt_eval + eval",
    scope: "measured",
    strength: 0.5,
    tell: (factor) => ({ final: (record) => scaleDurations(record, ["total_duration"], factor) }),
  },
  stall_not_counted: {
    couldBe:
      "An engine adds up decode calls only, so that sampling and scheduling pauses are in no duration. Strength: seconds.",
    shows: "the span of the chunks is longer than eval_duration",
    scope: "measured",
    strength: 0.15,
    tell: (seconds) => ({
      gap: (gap, { index, total }) => (index === Math.max(1, Math.floor(total / 2)) ? gap + seconds : gap),
      final: (record) => {
        const duration = record.eval_duration;
        return {
          ...record,
          eval_duration: typeof duration === "number" ? duration - seconds * 1e9 : duration,
        };
      },
    }),
  },
} as const satisfies Record<string, LieEntry>;
