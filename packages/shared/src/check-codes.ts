// The validity certificate: every check that every sample carries, and what a failed one means for a person.
import { SampleKind } from "@ozone/proto/trial";

/** Code of each check, with the advice that goes with its failure. Closed: adding one changes the public contract. */
export const CHECK_ADVICE = {
  prompt_tokens_match:
    "The server counted another number of prompt tokens than was sent; the figures would be about another prompt.",
  no_truncation:
    "The prompt was cut; the context was not really filled. Use a smaller fill or a larger num_ctx.",
  no_prefix_cache: "Part of the prompt came from a cache; the prefill rate would be inflated.",
  output_complete: "The answer ended early or was cut off; rates over it would be about another length.",
  context_allocated:
    "The server allocated another context than was asked for; check the model's trained context.",
  model_unchanged:
    "Another model answered than the one under test; keep others from using this Ollama meanwhile.",
  placement_unchanged:
    "The share of the model on the GPU changed during the attempt; free GPU memory and run again.",
  no_reload_inside: "The model was loaded again inside the sample; its time is in the figures.",
  options_effective: "The server did not apply an option as sent.",
  clocks_agree: "The server's durations and the client's clock contradict each other.",
  rate_plausible: "The rate is above what the memory or the processor of this machine can do.",
  chunk_ratio: "Chunks and tokens differ in number; inter-token figures are left out.",
  uncontended: "Other programs used the machine during the sample.",
  unthrottled: "The machine slowed down during the sample (heat or power).",
  kv_type_effective: "The KV cache does not have the type that was asked for.",
  stream_wellformed: "The stream was malformed.",
} as const;

/** One of the closed list. */
export type CheckCode = keyof typeof CHECK_ADVICE;

/** Whether this version knows a check; agents a release ahead may send others. */
export const isKnownCheck = (code: string): boolean => Object.hasOwn(CHECK_ADVICE, code);

/** Checks that only mark a sample (and bar it from confirmation unless the sweep allows it). */
export const MARKING_CHECKS: ReadonlySet<string> = new Set<CheckCode>(["uncontended", "unthrottled"]);

/** chunk_ratio guards the inter-chunk figures only: its failure removes them and rejects nothing else. */
export const GUARDING_CHECKS: ReadonlySet<string> = new Set<CheckCode>(["chunk_ratio"]);

/**
 * On a prompt that repeats the one before it, the cache is what is measured: computing it again is no lie of the server,
 * there is just no warm figure in it.
 */
const isMarkingFor = (code: string, kind: SampleKind): boolean =>
  MARKING_CHECKS.has(code) ||
  GUARDING_CHECKS.has(code) ||
  (kind === SampleKind.WARM_PREFIX && code === "no_prefix_cache");

/** A check as it was made; `passed` is absent when it could not be. */
interface MadeCheck {
  readonly code: string;
  readonly passed?: boolean | undefined;
}

/** Whether a sample with these checks may be used: no check that rejects has failed. */
export const isSampleValid = (checks: readonly MadeCheck[], kind = SampleKind.FILLED): boolean =>
  checks.every(({ code, passed }) => passed !== false || isMarkingFor(code, kind));
