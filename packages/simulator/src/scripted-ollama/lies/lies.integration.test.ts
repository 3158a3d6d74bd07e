// Every lie about numbers, contexts, endings, clocks, rates, chunks and placement leaves the trace that the list promises, and an
// honest script of the same session does not.
import { afterAll, describe, expect, it } from "vitest";
import type { Received } from "../raw-client.ts";
import { lastRecord, numberIn, textLines } from "../raw-client.ts";
import type { ScriptChange } from "../script.ts";
import type { ScriptedOllama } from "../server.ts";
import { startScriptedOllama } from "../server.ts";
import type { Evidence } from "./evidence.ts";
import { clocksOf, gather, NUM_PREDICT, PROMPT_TOKENS } from "./evidence.ts";
import type { LieName } from "./lie.ts";
import { LIES } from "./lie.ts";

type Trace = (evidence: Evidence) => boolean;

const bothSamples =
  (trace: (sample: Received) => boolean): Trace =>
  ({ samples }) =>
    samples.every(trace);
const anyRow = (evidence: Evidence) => evidence.after.ps[0] ?? {};
const last = (key: string, is: (value: unknown) => boolean) => bothSamples((one) => is(lastRecord(one)[key]));
const doneRecords = (one: Received) => one.lines.filter(({ record }) => record?.done === true);
const sizeVram = (row: Record<string, unknown> | undefined) => numberIn(row ?? {}, "size_vram");

/** KV bytes per token of the default model with f16; a q8_0 cache takes 34/64 of it. */
const F16_BYTES_PER_TOKEN = 2 * 2 * 32 * 2 * 2;
const ALONE_BYTES = 1_517_000 + 4 * 128 * (4096 + 8 * 128);

/** Where each lie shows. The limits leave room for a busy machine, but not for the lie. */
const TRACES = {
  inflated_eval_count: last("eval_count", (count) => count === NUM_PREDICT * 1.25),
  phantom_tokens: bothSamples(
    (one) => lastRecord(one).eval_count === NUM_PREDICT && textLines(one).length === 10,
  ),
  inflated_prompt_count: last("prompt_eval_count", (count) => count === Math.round(PROMPT_TOKENS * 1.1)),
  cached_prefix_reported: bothSamples(
    (one) => lastRecord(one).prompt_eval_cached_count === 720 && clocksOf(one).promptMs < 90,
  ),
  non_integer_counts: last("eval_count", (count) => count === NUM_PREDICT - 0.5),
  nan_or_string_counts: last("eval_count", (count) => count === String(NUM_PREDICT)),

  silent_truncation_full: last("prompt_eval_count", (count) => count === 768),
  silent_truncation_half: last("prompt_eval_count", (count) => count === 1024 - Math.floor((1024 - 5) / 2)),
  clamped_context: ({ after }) => after.ps[0]?.context_length === 512,
  clamped_context_hidden: ({ samples, before }) =>
    before.ps[0]?.context_length === 1024 && samples.every(({ status }) => status === 400),

  kv_type_fallback: (evidence) =>
    Math.abs(numberIn(anyRow(evidence), "size") - ALONE_BYTES - 1024 * F16_BYTES_PER_TOKEN) < 100_000,

  early_stop: bothSamples((one) => lastRecord(one).done_reason === "stop" && textLines(one).length === 9),
  early_stop_claims_length: bothSamples(
    (one) => lastRecord(one).done_reason === "length" && lastRecord(one).eval_count === 9,
  ),
  missing_done: bothSamples((one) => textLines(one).length === NUM_PREDICT && doneRecords(one).length === 0),
  done_twice: bothSamples((one) => doneRecords(one).length === 2),
  text_after_done: bothSamples((one) => lastRecord(one).done === false && doneRecords(one).length === 1),

  cached_prefix_hidden: bothSamples(
    (one) => clocksOf(one).ttftMs - clocksOf(one).loadMs > clocksOf(one).promptMs * 5,
  ),
  zero_durations: bothSamples(
    (one) => !("eval_duration" in lastRecord(one)) && lastRecord(one).eval_count === NUM_PREDICT,
  ),
  negative_durations: last("eval_duration", (value) => Number(value) < 0),
  swapped_durations: bothSamples((one) => {
    const { promptMs, evalMs, spanMs } = clocksOf(one);
    return Math.abs(promptMs - spanMs) < Math.abs(evalMs - spanMs);
  }),
  clocks_disagree_fast: bothSamples((one) => clocksOf(one).evalMs < 0.65 * clocksOf(one).spanMs),
  clocks_disagree_slow: bothSamples((one) => clocksOf(one).totalMs > 1.2 * clocksOf(one).wholeMs),
  total_less_than_parts: bothSamples((one) => {
    const { totalMs, loadMs, promptMs, evalMs } = clocksOf(one);
    return totalMs < loadMs + promptMs + evalMs;
  }),
  stall_not_counted: bothSamples((one) => clocksOf(one).spanMs > clocksOf(one).evalMs + 100),

  rate_beyond_roofline: bothSamples((one) => clocksOf(one).evalMs < 60 && clocksOf(one).spanMs < 90),
  prefill_skipped: bothSamples(
    (one) => clocksOf(one).promptMs < 90 && lastRecord(one).prompt_eval_count === PROMPT_TOKENS,
  ),
  truncation_counted_whole: bothSamples(
    (one) => clocksOf(one).promptMs < 310 && lastRecord(one).prompt_eval_count === PROMPT_TOKENS,
  ),
  prefill_mostly_skipped: bothSamples(
    (one) => clocksOf(one).promptMs < 90 && lastRecord(one).prompt_eval_count === PROMPT_TOKENS,
  ),
  burst_then_stall: bothSamples((one) => clocksOf(one).longestGapMs > 0.35 * clocksOf(one).evalMs),

  reload_inside_sample: bothSamples((one) => clocksOf(one).loadMs > 190),
  cpu_fallback: ({ before, after }) => sizeVram(before.ps[0]) > 0 && sizeVram(after.ps[0]) === 0,
  other_model_loaded: ({ before, after }) => before.ps.length === 1 && after.ps.length === 2,
  evicted_by_other_model: ({ before, after, samples }) =>
    before.ps[0]?.name === "scripted:tiny" &&
    after.ps.every(({ name }) => name !== "scripted:tiny") &&
    clocksOf(samples[1] ?? samples[0] ?? ({} as Received)).loadMs > 190,
  ps_forgets_model: ({ before, after }) => before.ps.length === 1 && after.ps.length === 0,
  wrong_digest: ({ before, after }) =>
    before.ps[0]?.digest !== after.ps[0]?.digest && before.tags[0]?.digest !== after.tags[0]?.digest,
  model_missing: ({ load, before, samples }) =>
    before.tags.length === 0 && [load, ...samples].every(({ status }) => status === 404),
  wrong_version: ({ before }) => before.version === "0.0.0",
  version_changes: ({ before, after }) => before.version !== after.version,

  merged_chunks: bothSamples((one) => textLines(one).length === NUM_PREDICT / 4),
  duplicated_chunks: bothSamples((one) => textLines(one).length === NUM_PREDICT * 2),
  empty_chunks: bothSamples((one) => one.lines.length - textLines(one).length === NUM_PREDICT + 1),
  early_empty_chunk: bothSamples((one) => {
    const [first, second] = one.lines;
    return first?.record?.response === "" && (second?.atMs ?? 0) - first.atMs > 40;
  }),
  held_first_chunks: bothSamples(
    (one) => String(textLines(one)[0]?.record?.response).trim().split(" ").length === 12,
  ),
} as const satisfies Partial<Record<LieName, Trace>>;

/** These need a session of their own: see faults.integration.test.ts. */
const ELSEWHERE: readonly Exclude<LieName, keyof typeof TRACES>[] = [
  "options_ignored_batch",
  "options_ignored_ctx",
  "options_ignored_threads",
  "unload_never_completes",
  "ps_hangs",
  "malformed_ndjson",
  "stream_ends_early",
  "mid_stream_error",
  "runner_crash_mid_stream",
  "connection_reset",
  "hang_mid_stream",
  "slow_drip",
  "huge_line",
  "hang_before_headers",
  "slow_headers",
  "http_500_oom",
  "http_503_busy",
  "redirect_elsewhere",
];

const servers: ScriptedOllama[] = [];
const honest = new Map<string, Promise<Evidence>>();

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

async function session(change: ScriptChange): Promise<Evidence> {
  const server = await startScriptedOllama({
    timeScale: 2,
    loadSeconds: 0.1,
    unloadSeconds: 0.01,
    ...change,
  });
  servers.push(server);
  return gather(server.url);
}

function honestSession(needs: ScriptChange): Promise<Evidence> {
  const key = JSON.stringify(needs);
  const known = honest.get(key) ?? session(needs);
  honest.set(key, known);
  return known;
}

function summaryOf(evidence: Evidence): string {
  const samples = evidence.samples.map((one) => ({
    status: one.status,
    ...clocksOf(one),
    last: lastRecord(one),
  }));
  return JSON.stringify({ before: evidence.before, samples, after: evidence.after });
}

describe.each(Object.keys(TRACES) as (keyof typeof TRACES)[])("%s", (name) => {
  const needs: ScriptChange = LIES.find((lie) => lie.name === name)?.needs ?? {};
  const trace: Trace = TRACES[name];

  it("is really told", async () => {
    const evidence = await session({ ...needs, lies: [name] });
    expect(trace(evidence), summaryOf(evidence)).toBe(true);
  });

  it("is not seen in an honest session", async () => {
    const evidence = await honestSession(needs);
    expect(trace(evidence), summaryOf(evidence)).toBe(false);
  });
});

describe("the list of lies", () => {
  it("has a trace for every entry", () => {
    expect([...Object.keys(TRACES), ...ELSEWHERE].sort()).toEqual(LIES.map(({ name }) => name).sort());
  });
});

describe("the honest session", () => {
  it("is in order", async () => {
    const { samples, before, after } = await honestSession({});
    for (const one of samples) {
      expect(one.status).toBe(200);
      expect(lastRecord(one)).toMatchObject({
        prompt_eval_count: PROMPT_TOKENS,
        eval_count: NUM_PREDICT,
        done_reason: "length",
      });
      expect(clocksOf(one).totalMs).toBeLessThan(clocksOf(one).wholeMs);
    }
    expect(after.ps[0]).toMatchObject({ context_length: 1024, digest: before.tags[0]?.digest });
  });
});
