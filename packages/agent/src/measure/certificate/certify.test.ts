import { CHECK_ADVICE, isSampleValid } from "@ozone/shared/check-codes";
import { describe, expect, it } from "vitest";
import type { EngineSnapshot, SampleEvidence } from "../evidence.ts";
import { certify } from "./certify.ts";
import type { AttemptFacts } from "./facts.ts";
import {
  attempt,
  evidence,
  honestDone,
  honestSnapshot,
  honestStream,
  honestWarmUp,
  loadedModel,
  sampleOf,
  withDone,
} from "./sample-material.ts";

/** Codes of the failed checks of one sample in an attempt of its own. */
function failedCodes(one: SampleEvidence, change: Partial<AttemptFacts> = {}): string[] {
  const sample = sampleOf(one);
  return certify(sample, attempt([sample], change))
    .filter(({ passed }) => passed === false)
    .map(({ code }) => code);
}

const withStream = (change: Partial<SampleEvidence["stream"]>): SampleEvidence =>
  evidence({ stream: { ...honestStream(), ...change } });

const around = (change: Partial<EngineSnapshot>): SampleEvidence =>
  evidence({ after: { ...honestSnapshot, ...change } });

const loadedAs = (change: Partial<typeof loadedModel>): SampleEvidence =>
  around({ loaded: [{ ...loadedModel, ...change }] });

/** The honest arrival times, changed one by one. */
const textTimes = (change: (time: number, at: number) => number): SampleEvidence => {
  const stream = honestStream();
  return withStream({ textTimesMs: stream.textTimesMs.map(change) });
};

describe("the certificate", () => {
  it("has every check of the closed list once, in its order, each with a sentence", () => {
    const sample = sampleOf(evidence());
    const findings = certify(sample, attempt([sample]));
    expect(findings.map(({ code }) => code)).toEqual(Object.keys(CHECK_ADVICE));
    expect(findings.every(({ detail }) => detail.length > 10)).toBe(true);
  });

  it("passes an honest sample in every check", () => {
    const sample = sampleOf(evidence());
    expect(certify(sample, attempt([sample])).filter(({ passed }) => passed !== true)).toEqual([]);
  });

  it.each<[string, SampleEvidence, string[]]>([
    [
      "counts more prompt tokens than were sent",
      withDone({ prompt_eval_count: 1900 }),
      ["prompt_tokens_match"],
    ],
    ["cuts the prompt", withDone({ prompt_eval_count: 1024 }), ["prompt_tokens_match", "no_truncation"]],
    [
      "shifts the beginning out",
      withDone({ prompt_eval_count: 2040 }),
      ["prompt_tokens_match", "no_truncation"],
    ],
    [
      "leaves the count out",
      withDone({ prompt_eval_count: undefined }),
      ["prompt_tokens_match", "no_truncation"],
    ],
    ["takes the prompt from a cache", withDone({ prompt_eval_cached_count: 1600 }), ["no_prefix_cache"]],
    ["stops early", withDone({ done_reason: "stop", eval_count: 40 }), ["output_complete", "chunk_ratio"]],
    ["claims the reason length", withDone({ done_reason: "stop" }), ["output_complete"]],
    ["counts more output than it sent text for", withStream({ textBytes: 20 }), ["output_complete"]],
    ["never says done", withStream({ done: null, doneAtMs: null }), ["output_complete", "stream_wellformed"]],
    ["sends lines after done", withStream({ linesAfterDone: 1 }), ["stream_wellformed"]],
    ["sends what is no JSON", withStream({ problems: ["a line is not JSON"] }), ["stream_wellformed"]],
    ["sends counts as text", withDone({ eval_count: "64" }), ["output_complete", "stream_wellformed"]],
    ["allocates less context", loadedAs({ contextLength: 1024 }), ["context_allocated"]],
    ["allocates more context", loadedAs({ contextLength: 4096 }), ["context_allocated"]],
    ["changes the digest", loadedAs({ digest: "e".repeat(64) }), ["model_unchanged"]],
    ["answers with another model", withDone({ model: "other:latest" }), ["model_unchanged"]],
    ["changes its version", around({ version: "0.24.1" }), ["model_unchanged"]],
    [
      "loads another model",
      around({ loaded: [loadedModel, { ...loadedModel, name: "other:latest" }] }),
      ["model_unchanged"],
    ],
    ["has the model removed", around({ installed: [] }), ["model_unchanged"]],
    ["moves the model", loadedAs({ sizeVramBytes: 100 }), ["placement_unchanged"]],
    ["forgets the model", around({ loaded: [] }), ["placement_unchanged", "no_reload_inside"]],
    [
      "loads again inside the sample",
      withDone({ load_duration: 790e6, total_duration: 2_430e6 }),
      ["no_reload_inside", "clocks_agree"],
    ],
    [
      "is used by others",
      evidence({ resources: { ...evidence().resources, contended: true } }),
      ["uncontended"],
    ],
    ["slows down", evidence({ resources: { ...evidence().resources, throttled: true } }), ["unthrottled"]],
  ])("of a server that %s fails where it should", (_what, one, codes) => {
    const seen = failedCodes(one);
    for (const code of codes) expect(seen).toContain(code);
    expect(isSampleValid(seen.map((code) => ({ code, passed: false })))).toBe(
      codes.every((code) => code === "uncontended" || code === "unthrottled"),
    );
  });

  it.each<[string, SampleEvidence]>([
    ["prefill shorter than what the client waited", withDone({ prompt_eval_duration: 80e6 })],
    [
      "prefill longer than what the client waited",
      withDone({ prompt_eval_duration: 1_100e6, total_duration: 1_800e6 }),
    ],
    ["decode shorter than the text took", withDone({ eval_duration: 400e6 })],
    ["decode longer than the text took", withDone({ eval_duration: 800e6, total_duration: 1_810e6 })],
    ["a total below its parts", withDone({ total_duration: 1_600e6 })],
    ["a total above what the client waited", withDone({ total_duration: 2_000e6 })],
    ["a total far below what the client waited", textTimes((time) => time + 4000)],
    ["swapped durations", withDone({ prompt_eval_duration: 630e6, eval_duration: 1_000e6 })],
    ["missing durations", withDone({ prompt_eval_duration: undefined, eval_duration: undefined })],
    ["all durations halved", withDone(halved())],
    ["a burst, then a stall of as long", textTimes((time, at) => (at < 32 ? 6004 + at * 0.1 : time))],
    ["a burst of all but the last", textTimes((time, at) => (at < 63 ? 6004 + at * 0.1 : time))],
    ["one write for the whole answer at its end", textTimes(() => 6634)],
  ])("of a server that reports %s fails clocks_agree", (_what, one) => {
    expect(failedCodes(one)).toContain("clocks_agree");
  });

  it("forgives a hiccup of a busy machine in any clock", () => {
    for (const one of [
      textTimes((time) => time + 25),
      textTimes((time, at) => (at > 20 ? time + 35 : time)),
      textTimes((time, at) => (at < 3 ? time + 30 : time)),
      evidence({ ownDelayMs: 120, stream: { ...honestStream(), doneAtMs: 6635 + 120 } }),
    ]) {
      expect(failedCodes(one)).toEqual([]);
    }
  });

  it("catches a small difference that all samples share, though each alone could be noise", () => {
    // 120 ms within 4 s that the server leaves out of its account.
    const long = (): SampleEvidence => {
      const stream = honestStream(400);
      const textTimesMs = stream.textTimesMs.map((time, at) => (at > 200 ? time + 120 : time));
      const done = { ...honestDone(400), prompt_eval_count: 1600, total_duration: 5_114e6 };
      const doneAtMs = (stream.doneAtMs ?? 0) + 120;
      return evidence({
        numPredict: 400,
        promptTokens: 1600,
        stream: { ...stream, textTimesMs, doneAtMs, done },
      });
    };
    const one = sampleOf(long());
    const codesIn = (count: number): string[] =>
      certify(one, attempt([one, ...Array.from({ length: count - 1 }, () => sampleOf(long()))]))
        .filter(({ passed }) => passed === false)
        .map(({ code }) => code);
    expect(codesIn(1)).toEqual([]);
    expect(codesIn(3)).toEqual(["clocks_agree"]);
  });

  it("does not believe a server that adds more tokens to a raw prompt than a tokenizer does", () => {
    expect(failedCodes(evidence(), { overheadTokens: 90 })).toEqual(["prompt_tokens_match"]);
    expect(failedCodes(evidence(), { overheadTokens: 2 })).toEqual([]);
  });

  it("refuses a rate beyond the memory's bandwidth, and one far beyond the warm-up", () => {
    const fast = withDone({ eval_duration: 63 * 1.5e6 });
    expect(failedCodes(fast)).toContain("rate_plausible");
    const unknownMemory = { ...attempt([]).machine, memoryBandwidthBytesPerSecond: null };
    expect(failedCodes(fast, { machine: unknownMemory })).toContain("rate_plausible");
    expect(failedCodes(withDone({ prompt_eval_duration: 10e6 }))).toContain("rate_plausible");
  });

  it("leaves the plausibility unknown where the bandwidth is not known", () => {
    const sample = sampleOf(evidence());
    const machine = { ...attempt([]).machine, memoryBandwidthBytesPerSecond: null };
    const finding = certify(sample, attempt([sample], { machine })).find(
      ({ code }) => code === "rate_plausible",
    );
    expect(finding).not.toHaveProperty("passed");
  });

  it("finds the one sample whose prefill was not computed, by its peers", () => {
    const hit = sampleOf(withDone({ prompt_eval_duration: 250e6 }));
    const peers = [sampleOf(evidence()), sampleOf(evidence()), hit];
    const codes = (one: (typeof peers)[number]): string[] =>
      certify(one, attempt(peers))
        .filter(({ passed }) => passed === false)
        .map(({ code }) => code);
    expect(codes(hit)).toContain("no_prefix_cache");
    expect(codes(sampleOf(evidence()))).toEqual([]);
  });

  it("tells tokens that were never generated from chunks that were merged", () => {
    const times = honestStream().textTimesMs;
    const merged = withStream({ textTimesMs: times.filter((_, at) => at % 4 === 0 || at === 63) });
    expect(failedCodes(merged)).toEqual(["chunk_ratio"]);
    const phantom = withStream({ textTimesMs: times.filter((_, at) => at % 3 !== 1), textBytes: 6 * 42 });
    expect(failedCodes(phantom)).toContain("output_complete");
  });

  it("rejects for the context, not for the output alone, when a prompt that fits was refused", () => {
    const refused = evidence({
      refusal: "exceeds the context",
      stream: { ...honestStream(), done: null, doneAtMs: null, textTimesMs: [], textBytes: 0, lines: 0 },
    });
    expect(failedCodes(refused)).toEqual(["output_complete", "context_allocated"]);
  });

  it("does not hold the wait of concurrent requests against the clocks", () => {
    const stream = honestStream();
    const waited = {
      ...stream,
      textTimesMs: stream.textTimesMs.map((time) => time + 3000),
      doneAtMs: (stream.doneAtMs ?? 0) + 3000,
      done: { ...honestDone(), total_duration: 4_633e6 },
    };
    expect(failedCodes(evidence({ atOnce: 4, stream: waited }))).toEqual([]);
    expect(failedCodes(evidence({ stream: waited }))).toContain("clocks_agree");
  });
});

function halved(): Record<string, unknown> {
  const entries = Object.entries(honestDone()).filter(([key]) => key.endsWith("_duration"));
  return Object.fromEntries(entries.map(([key, value]) => [key, Number(value) / 2]));
}

describe("on a machine that others use", () => {
  const contended = (one: SampleEvidence): SampleEvidence => ({
    ...one,
    resources: { ...one.resources, contended: true, foreignLoadCores: 1 },
  });

  it("forgives what was seen of the reference engine there", () => {
    const late = textTimes((time) => time + 150);
    expect(failedCodes(late)).toContain("clocks_agree");
    expect(failedCodes(contended(late))).toEqual(["uncontended"]);
    const slowWarmUp = { warmUp: { ...honestWarmUp, prefill: 400, decode: 4 } };
    expect(failedCodes(contended(evidence()), slowWarmUp)).toEqual(["uncontended"]);
    expect(failedCodes(evidence(), slowWarmUp)).toContain("rate_plausible");
  });

  it("takes one long stall between even steps for a stall, not for a burst", () => {
    const times = honestStream().textTimesMs;
    const stalled = times.map((_, at) => 6004 + at * 0.8 + (at > 30 ? 240 : 0));
    const stream = {
      ...honestStream(),
      textTimesMs: stalled,
      doneAtMs: 6004 + 63 * 0.8 + 241,
      done: {
        ...honestDone(),
        eval_duration: (63 * 0.8 + 240) * 1e6,
        total_duration: (1002 + 63 * 0.8 + 241) * 1e6,
      },
    };
    const fast = { warmUp: { ...honestWarmUp, prefill: 1500, decode: 1250 } };
    const stalledToo = { warmUp: { ...honestWarmUp, prefill: 1500, decode: 217 } };
    for (const warmUp of [fast, stalledToo]) {
      expect(failedCodes(evidence({ stream }), warmUp)).not.toContain("clocks_agree");
    }
  });

  it("still refuses an account of a small share of the wait", () => {
    const hidden = { prompt_eval_duration: 5e6, total_duration: 700e6 };
    const quick = textTimes((time) => time - 930);
    const one = {
      ...quick,
      stream: {
        ...quick.stream,
        doneAtMs: (quick.stream.doneAtMs ?? 0) - 930,
        done: { ...honestDone(), ...hidden },
      },
    };
    expect(failedCodes(contended(one))).toContain("clocks_agree");
  });
});
