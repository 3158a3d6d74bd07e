// Lies about the work itself: consistent clocks over work that was not done, or not done when it seems.
import type { LieEntry } from "./hooks.ts";

/** What each strength means is said with the lie. */
export const RATE_LIES = {
  rate_beyond_roofline: {
    couldBe: "A server plays back a stored answer. Strength: seconds per token.",
    shows: "all tokens come at once and eval_duration agrees: more bytes per second than any memory moves",
    scope: "measured",
    strength: 1e-6,
    tell: (seconds) => ({
      plan: (plan) => ({ ...plan, oneWrite: true }),
      gap: () => seconds,
    }),
  },
  prefill_skipped: {
    couldBe:
      "A server reads only part of the prompt and counts all of it. Strength: the share of the work that is done.",
    shows: "TTFT and prompt_eval_duration agree on a rate beyond the machine's arithmetic",
    scope: "measured",
    strength: 0.002,
    tell: (share) => ({ prefill: (seconds) => seconds * share }),
  },
  prefill_mostly_skipped: {
    couldBe:
      "A server cuts the prompt to its end, or finds most of it in a cache, and counts all of it. Strength: the share of the work that is done.",
    shows: "many batches take less time than as many readings of the weights, by the warm-up's one",
    scope: "measured",
    strength: 0.1,
    tell: (share) => ({ prefill: (seconds) => seconds * share }),
  },
  burst_then_stall: {
    couldBe: "A buffering proxy releases tokens in a burst and then goes quiet.",
    shows:
      "half of the chunks come at once, then nothing for as long as they should have taken; durations are right",
    scope: "measured",
    tell: () => {
      let saved = 0;
      return {
        gap: (gap, { index, total }) => {
          const middle = Math.max(1, Math.floor(total / 2));
          if (index < middle) {
            saved += gap;
            return 0;
          }
          return index === middle ? gap + saved : gap;
        },
      };
    },
  },
} as const satisfies Record<string, LieEntry>;
