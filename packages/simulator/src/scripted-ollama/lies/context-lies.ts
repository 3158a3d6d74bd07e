// Lies about the context: how much of it there is and how much of the prompt went in.
import { cutTo, halfOf } from "../context-limit.ts";
import type { LieEntry } from "./hooks.ts";

/** Each entry's strength is the share of num_ctx that is really there. */
export const CONTEXT_LIES = {
  silent_truncation_full: {
    couldBe:
      "A server has less context than asked for and cuts prompts to all of it, with status 200, whatever `truncate` says.",
    shows: "prompt_eval_count is below the number of tokens sent (exactly the hidden context)",
    scope: "always",
    strength: 0.75,
    tell: (share) => ({
      fit: (fit) => {
        const limit = Math.max(4, Math.floor(fit.numCtx * share));
        return cutTo(fit, limit);
      },
    }),
  },
  silent_truncation_half: {
    couldBe:
      "A server cuts prompts that come near its context to about half of num_ctx, with status 200 (as >= 0.30.11 by default).",
    shows: "prompt_eval_count is about num_ctx / 2",
    scope: "always",
    strength: 0.75,
    tell: (share) => ({
      fit: (fit) => (fit.tokens.length > fit.numCtx * share ? cutTo(fit, halfOf(fit)) : undefined),
    }),
  },
  truncation_counted_whole: {
    couldBe:
      "A server cuts long prompts, or takes their beginning from a cache, and counts all that was sent.",
    shows: "prompt_eval_count is right, both clocks agree, and a prompt of half the length takes as long",
    scope: "always",
    strength: 0.5,
    needs: { timeScale: 4 },
    tell: (share) => {
      let sent: number | null = null;
      return {
        fit: (fit) => {
          const limit = Math.floor(fit.numCtx * share);
          if (fit.tokens.length <= limit) return undefined;
          sent = fit.tokens.length;
          return cutTo(fit, limit);
        },
        final: (record) => (sent === null ? record : { ...record, prompt_eval_count: sent }),
      };
    },
  },
  clamped_context: {
    couldBe: "A server lowers num_ctx to what memory or the model allows and shows it in /api/ps only.",
    shows: "context_length and size in /api/ps are smaller than asked for",
    scope: "always",
    strength: 0.5,
    tell: (share) => ({
      allocation: (allocation) => {
        const numCtx = Math.max(4, Math.floor(allocation.numCtx * share));
        return { ...allocation, numCtx, shownContext: numCtx };
      },
    }),
  },
  clamped_context_hidden: {
    couldBe:
      "A server allocates less context than asked for and goes on showing the requested one (as Ollama before 0.15.5).",
    shows:
      "prompts that should fit are refused, generation ends early with `length`, size in /api/ps is too small",
    scope: "always",
    strength: 0.5,
    tell: (share) => ({
      allocation: (allocation) => ({
        ...allocation,
        numCtx: Math.max(4, Math.floor(allocation.numCtx * share)),
        shownContext: allocation.numCtx,
      }),
    }),
  },
} as const satisfies Record<string, LieEntry>;
