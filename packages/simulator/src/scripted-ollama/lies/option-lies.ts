// Lies about options: asked for, acknowledged with 200, and not in force.
import type { LieEntry } from "./hooks.ts";

/** None of these takes a strength. */
export const OPTION_LIES = {
  options_ignored_batch: {
    couldBe:
      "A server fixes the batch size itself (a wrapper script, an environment variable of the engine).",
    shows: "another num_batch neither reloads nor changes size in /api/ps nor the prefill rate",
    scope: "always",
    tell: () => ({ load: (asked) => ({ ...asked, numBatch: 512 }) }),
  },
  options_ignored_ctx: {
    couldBe: "A server runs with its own context length and drops num_ctx like an unknown option.",
    shows: "context_length in /api/ps is the server's default, another num_ctx does not reload",
    scope: "always",
    tell: () => ({ load: (asked) => ({ ...asked, numCtx: 4096 }) }),
  },
  options_ignored_threads: {
    couldBe: "A server runs with a fixed number of threads (a container limit, a wrapper script).",
    shows: "another num_thread neither reloads nor changes any rate",
    scope: "always",
    tell: () => ({ load: (asked) => ({ ...asked, numThread: 0 }) }),
  },
  kv_type_fallback: {
    couldBe:
      "A server falls back to an f16 KV cache because flash attention is not on for this model (Ollama up to 0.24).",
    shows: "size in /api/ps grows with num_ctx as f16 does, although q8_0 is set",
    scope: "always",
    needs: { server: { kvCacheType: "q8_0", flashAttention: true } },
    tell: () => ({ allocation: (allocation) => ({ ...allocation, kvCacheType: "f16" }) }),
  },
} as const satisfies Record<string, LieEntry>;
