// How each lie and fault of the scripted Ollama is found out: the one table for the tests and for the bench.
import { type TrialOrder, type TrialResult, Verdict } from "@ozone/proto/trial";
import { type ManagedPort, type TrialPorts, unknownConditions, unknownSampler } from "../measure/ports.ts";
import { failedCodes, orderFor, portsFor, story } from "../measure/trial-material.ts";

/** A check code: rejected by it. "failed:class": the trial failed with it. "noted:code": valid, and the check says so. */
export const CAUGHT_AS: Readonly<Record<string, string>> = {
  inflated_eval_count: "output_complete",
  phantom_tokens: "output_complete",
  inflated_prompt_count: "prompt_tokens_match",
  cached_prefix_reported: "no_prefix_cache",
  non_integer_counts: "stream_wellformed",
  nan_or_string_counts: "stream_wellformed",
  silent_truncation_full: "no_truncation",
  silent_truncation_half: "no_truncation",
  truncation_counted_whole: "no_truncation",
  clamped_context: "context_allocated",
  clamped_context_hidden: "context_allocated",
  options_ignored_batch: "options_effective",
  options_ignored_ctx: "context_allocated",
  options_ignored_threads: "options_effective",
  kv_type_fallback: "kv_type_effective",
  early_stop: "output_complete",
  early_stop_claims_length: "output_complete",
  missing_done: "output_complete",
  done_twice: "stream_wellformed",
  text_after_done: "stream_wellformed",
  cached_prefix_hidden: "clocks_agree",
  zero_durations: "clocks_agree",
  negative_durations: "stream_wellformed",
  swapped_durations: "clocks_agree",
  clocks_disagree_fast: "clocks_agree",
  clocks_disagree_slow: "clocks_agree",
  total_less_than_parts: "clocks_agree",
  stall_not_counted: "clocks_agree",
  rate_beyond_roofline: "rate_plausible",
  prefill_skipped: "rate_plausible",
  prefill_mostly_skipped: "no_prefix_cache",
  burst_then_stall: "clocks_agree",
  reload_inside_sample: "no_reload_inside",
  cpu_fallback: "placement_unchanged",
  other_model_loaded: "model_unchanged",
  evicted_by_other_model: "no_reload_inside",
  ps_forgets_model: "no_reload_inside",
  ps_hangs: "failed:request_timeout",
  wrong_digest: "model_unchanged",
  unload_never_completes: "failed:runner_crashed",
  model_missing: "failed:model_missing",
  version_changes: "model_unchanged",
  merged_chunks: "noted:chunk_ratio",
  empty_chunks: "noted:chunk_ratio",
  held_first_chunks: "noted:chunk_ratio",
  duplicated_chunks: "output_complete",
  malformed_ndjson: "stream_wellformed",
  stream_ends_early: "output_complete",
  mid_stream_error: "failed:runner_crashed",
  runner_crash_mid_stream: "failed:runner_crashed",
  connection_reset: "failed:runner_crashed",
  hang_mid_stream: "failed:request_timeout",
  hang_before_headers: "failed:request_timeout",
  slow_drip: "failed:request_timeout",
  slow_headers: "clocks_agree",
  huge_line: "failed:protocol_error",
  http_500_oom: "failed:out_of_memory_load",
  http_503_busy: "failed:server_busy",
  redirect_elsewhere: "failed:protocol_error",
};

/** Told, but harmless: no figure depends on it. The version is warned about. */
export const HARMLESS: ReadonlySet<string> = new Set(["early_empty_chunk", "wrong_version"]);

/** These keep the trial waiting and compute nothing meanwhile: they may be told side by side. */
export const WAITING: ReadonlySet<string> = new Set([
  "hang_before_headers",
  "hang_mid_stream",
  "ps_hangs",
  "slow_drip",
  "slow_headers",
  "unload_never_completes",
]);

/** The order on which a lie is told: one that asks for what it denies. */
export const orderForLie = (name: string): TrialOrder =>
  orderFor({
    point: { numThread: 2, ...(name === "kv_type_fallback" ? { kvCacheType: "q8_0" } : {}) },
  });

/** Ports for a story: an order for server settings needs a server of the agent's own, and the liar plays it. */
export const portsForLie = (engineUrl: string, cacheDir: string): TrialPorts =>
  portsFor(engineUrl, { cacheDir, managed: playsManaged(engineUrl) });

/** A managed server whose log says nothing: what is in force must be seen otherwise. */
const playsManaged = (url: string): ManagedPort => ({
  open: async () => ({
    url,
    settings: {},
    warnings: [],
    conditions: unknownConditions,
    sampler: unknownSampler,
    room: { read: async () => null },
    logged: () => ({ kvCacheType: null, flashAttention: null, parallel: null, complaint: null }),
    outOfMemory: () => null,
    endedEarly: () => null,
    stop: async () => null,
  }),
});

/** The order on which one of three samples is bad, told by `ONE_BAD_SAMPLE`. */
export const orderForOneBadSample = (): TrialOrder => orderFor({ repetitions: 3 });

/** One bad sample among good ones: the second. */
export const ONE_BAD_SAMPLE = {
  name: "one_bad_sample_among_good",
  bad: "swapped_durations",
  sample: 2,
} as const;

/** Why a lie was not found out as it must be, with what the trial said instead; null when it was. */
export function escapeOf(name: string, result: TrialResult): string | null {
  const [verdict, code] = expectationOf(name);
  if (result.verdict !== verdict) {
    return `the verdict is ${Verdict[result.verdict]}, ${Verdict[verdict]} was due: ${story(result)}`;
  }
  if (verdict === Verdict.FAILED) {
    const seen = result.failure?.failureClass;
    return seen === code ? null : `it failed with ${seen}, ${code} was due: ${story(result)}`;
  }
  if (code === null || failedCodes(result).includes(code)) return null;
  return `${code} did not fail: ${story(result)}`;
}

/** Why a trial with one bad sample did not refuse just that one; null when it did. */
export function escapeOfOneBadSample(result: TrialResult): string | null {
  const valid = result.samples.map((sample) => sample.valid);
  if (result.verdict === Verdict.REJECTED && valid.join() === "true,false,true,true") return null;
  return `samples valid: ${valid.join()}, true,false,true,true was due: ${story(result)}`;
}

function expectationOf(name: string): [Verdict, string | null] {
  if (HARMLESS.has(name)) return [Verdict.VALID, null];
  const caught = CAUGHT_AS[name];
  if (caught === undefined) throw new Error(`${name} is new: say in CAUGHT_AS how it is caught.`);
  if (caught.startsWith("failed:")) return [Verdict.FAILED, caught.slice("failed:".length)];
  if (caught.startsWith("noted:")) return [Verdict.VALID, caught.slice("noted:".length)];
  return [Verdict.REJECTED, caught];
}
