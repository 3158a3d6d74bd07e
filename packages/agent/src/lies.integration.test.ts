// Every lie and fault of the scripted Ollama, and where the trial says so. A lie that is new there fails here until it
// has its line.
import { Verdict } from "@ozone/proto/trial";
import {
  LIES,
  type ListedLie,
  type ScriptChange,
  startScriptedOllama,
} from "@ozone/simulator/scripted-ollama";
import { afterAll, describe, expect, it } from "vitest";
import {
  failedCodes,
  newFolder,
  orderFor,
  portsFor,
  removeFolders,
  story,
} from "./measure/trial-material.ts";
import { runTrial } from "./run-trial.ts";

/** A check code: rejected by it. "failed:class": the trial failed with it. "noted:code": valid, and the check says so. */
const CAUGHT_AS: Readonly<Record<string, string>> = {
  inflated_eval_count: "output_complete",
  phantom_tokens: "output_complete",
  inflated_prompt_count: "prompt_tokens_match",
  cached_prefix_reported: "no_prefix_cache",
  non_integer_counts: "stream_wellformed",
  nan_or_string_counts: "stream_wellformed",
  silent_truncation_full: "no_truncation",
  silent_truncation_half: "no_truncation",
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
const HARMLESS = new Set(["early_empty_chunk", "wrong_version"]);

const orderOf = ({ name }: ListedLie) =>
  orderFor({
    point: { numThread: 2, ...(name === "kv_type_fallback" ? { kvCacheType: "q8_0" } : {}) },
  });

/** These keep the trial waiting and compute nothing meanwhile: they are told side by side. */
const WAITING = new Set<string>([
  "hang_before_headers",
  "hang_mid_stream",
  "ps_hangs",
  "slow_drip",
  "slow_headers",
  "unload_never_completes",
]);

const cacheDir = newFolder();
afterAll(removeFolders);

describe("a server that lies in one way", () => {
  const busy = LIES.filter(({ name }) => !WAITING.has(name));
  it.each(busy.map((lie) => [lie.name, lie] as const))("%s is found out", (_name, lie) => isFoundOut(lie));

  it("and keeps the trial waiting is found out", async () => {
    const waiting = LIES.filter(({ name }) => WAITING.has(name));
    expect(waiting).toHaveLength(WAITING.size);
    await Promise.all(waiting.map(isFoundOut));
  });

  it("only once among good samples is rejected for that sample alone", async () => {
    const bad = { name: "one_bad_sample_among_good", bad: "swapped_durations", sample: 2 } as const;
    const server = await startScriptedOllama({ lies: [bad] });
    try {
      const result = await runTrial(orderFor({ repetitions: 3 }), portsFor(server.url, { cacheDir }));
      expect(result.verdict, story(result)).toBe(Verdict.REJECTED);
      expect(result.samples.map(({ valid }) => valid)).toEqual([true, false, true, true]);
    } finally {
      await server.stop();
    }
  });
});

async function isFoundOut(lie: ListedLie): Promise<void> {
  const { name } = lie;
  const server = await startScriptedOllama({ ...lie.needs, lies: [name] } as ScriptChange);
  try {
    const result = await runTrial(orderOf(lie), portsFor(server.url, { cacheDir }));
    const told = `${name}: ${story(result)}`;
    if (HARMLESS.has(name)) {
      expect(result.verdict, told).toBe(Verdict.VALID);
      return;
    }
    const [kind, code] = expectationOf(name);
    expect(result.verdict, told).toBe(kind);
    if (kind === Verdict.FAILED) expect(result.failure?.failureClass, told).toBe(code);
    else expect(failedCodes(result), told).toContain(code);
  } finally {
    await server.stop();
  }
}

function expectationOf(name: string): [Verdict, string] {
  const caught = CAUGHT_AS[name];
  if (caught === undefined) throw new Error(`${name} is new: say here how it is caught.`);
  if (caught.startsWith("failed:")) return [Verdict.FAILED, caught.slice("failed:".length)];
  if (caught.startsWith("noted:")) return [Verdict.VALID, caught.slice("noted:".length)];
  return [Verdict.REJECTED, caught];
}
