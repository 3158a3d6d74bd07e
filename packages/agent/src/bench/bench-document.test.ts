import { create } from "@bufbuild/protobuf";
import { EngineKind, Provenance } from "@ozone/proto/machine";
import { CheckSchema, SampleKind, SampleSchema, TrialResultSchema, Verdict } from "@ozone/proto/trial";
import { CHECK_ADVICE } from "@ozone/shared/check-codes";
import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { benchDocument } from "./bench-document.ts";
import { benchRows } from "./bench-rows.ts";
import { benchText } from "./bench-text.ts";

const codes = Object.keys(CHECK_ADVICE);

const sample = (index: number, decode: number, failing: readonly string[] = []) =>
  create(SampleSchema, {
    index,
    valid: failing.length === 0,
    promptTokens: 1843,
    generatedTokens: 64,
    decodeTokensPerSecond: decode,
    prefillTokensPerSecond: 1000,
    ttftMs: 1900,
    interTokenP50Ms: 5,
    evalNs: 123n,
    checks: codes.map((code) =>
      create(CheckSchema, {
        code,
        detail: `seen ${index}`,
        ...(code === "unthrottled" ? {} : { passed: !failing.includes(code) }),
      }),
    ),
  });

const result = (change: object = {}) =>
  create(TrialResultSchema, {
    verdict: Verdict.VALID,
    modelName: "m",
    modelDigest: "abc",
    configuration: configuration({ numCtx: 2048, numBatch: 512, numPredict: 64 }),
    samples: [sample(0, 100), sample(1, 102), sample(2, 98)],
    context: { requested: 2048, allocated: 2048, promptTokens: 1843, filled: true },
    loadMs: [400],
    memory: { sizeBytes: 1000n },
    conditions: { engine: { kind: EngineKind.REFERENCE, version: "0.1.0" } },
    provenance: Provenance.SYNTHETIC,
    ...change,
  });

describe("the document of a bench", () => {
  it("has the form of the outside contract and survives JSON", () => {
    const document = benchDocument(result());
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(document).toMatchObject({
      verdict: "valid",
      failure: null,
      context: { requested: 2048, allocated: 2048, promptTokens: 1843, filled: true },
      metrics: {
        decodeTokensPerSecond: { median: 100, n: 3, preliminary: true },
        interTokenMs: { p50: 5, p95: null },
        loadMs: 400,
      },
      memory: { sizeBytes: 1000, peakPssBytes: null },
    });
    expect(document.metrics.decodeTokensPerSecond.ciLow).toBeLessThan(100);
    expect(document.checks.map(({ code }) => code)).toEqual(codes);
    expect(document.samples).toHaveLength(3);
  });

  it("says true, false or null of a check over all samples, the worst first", () => {
    const { checks } = benchDocument(result({ samples: [sample(0, 100), sample(1, 100, ["clocks_agree"])] }));
    const of = (wanted: string) => checks.find(({ code }) => code === wanted);
    expect(of("clocks_agree")).toEqual({ code: "clocks_agree", passed: false, detail: "sample 2: seen 1" });
    expect(of("unthrottled")?.passed).toBeNull();
    expect(of("no_truncation")?.passed).toBe(true);
  });

  it("makes its figures from valid samples only, and lists them all", () => {
    const rejected = result({
      verdict: Verdict.REJECTED,
      samples: [sample(0, 100), sample(1, 900, ["rate_plausible"])],
    });
    const document = benchDocument(rejected);
    expect(document.verdict).toBe("rejected");
    expect(document.metrics.decodeTokensPerSecond).toMatchObject({ median: 100, n: 1, ciLow: null });
    expect(document.samples).toHaveLength(2);
  });

  it("says what failed, with nothing measured", () => {
    const failed = result({
      verdict: Verdict.FAILED,
      samples: [],
      failure: { failureClass: "model_missing", message: "no m" },
    });
    const document = benchDocument(failed);
    expect(document).toMatchObject({
      verdict: "failed",
      failure: { class: "model_missing", message: "no m" },
      checks: [],
    });
    expect(document.metrics.ttftMs).toEqual({
      median: null,
      ciLow: null,
      ciHigh: null,
      n: 0,
      preliminary: true,
    });
  });
});

const ofKind = (kind: SampleKind, index: number, decode: number, failing: readonly string[] = []) =>
  Object.assign(sample(index, decode, failing), {
    kind,
    ttftMs: kind === SampleKind.WARM_PREFIX ? 90 : 1900,
  });

const everything = (change: object = {}) =>
  result({
    samples: [
      sample(0, 100),
      sample(1, 102),
      sample(2, 98),
      Object.assign(ofKind(SampleKind.DEPTH, 3, 130), { promptTokens: 204 }),
      ofKind(SampleKind.WARM_PREFIX, 4, 101),
      Object.assign(ofKind(SampleKind.WARM_PREFIX, 5, 101, ["no_prefix_cache"]), {
        valid: true,
        ttftMs: 1800,
      }),
      ...[99, 98, 97, 92, 90, 88, 80, 79, 78].map((rate, at) => ofKind(SampleKind.SUSTAINED, 6 + at, rate)),
    ],
    protocol: { depths: [0.1], fill: 0.9 },
    sustained: { durationMs: 60_000, samples: 9, ratio: 0.81, p: 0.001, throttled: true },
    precision: { decode: 0.05, precise: false },
    ...change,
  });

describe("what is measured besides", () => {
  it("stands apart and never enters the figures of the configuration", () => {
    const document = benchDocument(everything());
    expect(document.metrics.decodeTokensPerSecond).toMatchObject({ median: 100, n: 3 });
    expect(document.metrics.ttftMs).toMatchObject({ median: 1900, n: 3 });
    expect(document.curve).toMatchObject([
      { depth: 0.1, promptTokens: 204, valid: true, decodeTokensPerSecond: { median: 130, n: 1 } },
    ]);
    expect(document.warmPrefix).toMatchObject({ ttftMs: { median: 90, n: 1 }, samples: 2, fromCache: 1 });
    expect(document.sustained).toMatchObject({
      burstTokensPerSecond: { median: 98, n: 3 },
      sustainedTokensPerSecond: { median: 79, n: 3 },
      throttled: true,
    });
    expect(document.precision).toEqual({ decode: 0.05, prefill: null, ttft: null, precise: null });
    expect(document.checks.find(({ code }) => code === "no_prefix_cache")?.passed).toBe(true);
    expect(document.samples.map(({ kind }) => kind).slice(2, 5)).toEqual(["filled", "depth", "warm_prefix"]);
  });

  it("is null or empty when nobody asked for it", () => {
    expect(benchDocument(result())).toMatchObject({
      curve: [],
      warmPrefix: null,
      sustained: null,
      rounds: [],
      ttftPercentiles: null,
    });
  });

  it("is said in words and in rows, each with its number of samples", () => {
    const text = benchText(benchDocument(everything()));
    expect(text).toMatch(/depth {5}204 tokens: decode 130 tokens\/s \(no interval, n = 1/);
    expect(text).toMatch(/warm {6}ttft 90\.0 ms .*; 1 of 2 prompts from the cache/);
    expect(text).toContain("slowed down");
    const rows = benchRows(benchDocument(everything({ verdict: Verdict.REJECTED })));
    expect(rows.map(({ kind, decode_tps, verdict }) => [kind, decode_tps, verdict])).toEqual([
      ["filled", 100, "rejected"],
      ["depth", 130, "rejected"],
      ["warm_prefix", null, "rejected"],
      ["burst", 98, "rejected"],
      ["sustained", 79, "rejected"],
    ]);
  });

  it("of concurrent requests is the round, and a percentile only where enough requests carry it", () => {
    const point = configuration({ numCtx: 2048, numBatch: 512, numPredict: 64, concurrency: 2 });
    const samples = Array.from({ length: 10 }, (_, at) => Object.assign(sample(at, 100), { round: at >> 1 }));
    const rounds = [0, 1, 2, 3, 4].map((round) => ({
      round,
      requests: 2,
      decodeTokensPerSecond: 150 + round,
      wallMs: 900,
    }));
    const document = benchDocument(result({ configuration: point, samples, rounds }));
    expect(document.metrics.decodeTokensPerSecond).toMatchObject({ median: 152, n: 5 });
    expect(document.rounds[0]).toEqual({
      round: 0,
      kind: "filled",
      requests: 2,
      decodeTokensPerSecond: 150,
      wallMs: 900,
    });
    expect(document.ttftPercentiles).toEqual({ n: 10, p50Ms: 1900, p95Ms: null });
    expect(benchText(document)).toContain("rounds    5 of 2 requests at the same time");
  });
});

describe("the text of a bench", () => {
  it("says the figures with spread and number, and where they come from", () => {
    const text = benchText(benchDocument(result()));
    expect(text).toContain("valid");
    expect(text).toMatch(/decode {4}100 tokens\/s \(95 % interval .* n = 3, preliminary\)/);
    expect(text).toContain("Synthetic:");
    expect(text).toContain("unknown unthrottled");
  });

  it("says what a failed check means, and that some only mark", () => {
    const samples = [sample(0, 100, ["clocks_agree", "uncontended"])];
    const text = benchText(benchDocument(result({ verdict: Verdict.REJECTED, samples })));
    expect(text).toContain(`FAILED clocks_agree: sample 1: seen 0. ${CHECK_ADVICE.clocks_agree}`);
    expect(text).toContain("marked uncontended");
  });

  it("of a failure is its class and sentence", () => {
    const failure = { failureClass: "server_unreachable", message: "Nobody answers." };
    const text = benchText(
      benchDocument(result({ verdict: Verdict.FAILED, samples: [], failure, conditions: undefined })),
    );
    expect(text).toContain("failed: server_unreachable. Nobody answers.");
    expect(text).not.toContain("decode");
  });
});
