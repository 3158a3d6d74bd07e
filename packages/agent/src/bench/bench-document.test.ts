import { create } from "@bufbuild/protobuf";
import { EngineKind, Provenance } from "@ozone/proto/machine";
import { CheckSchema, SampleSchema, TrialResultSchema, Verdict } from "@ozone/proto/trial";
import { CHECK_ADVICE } from "@ozone/shared/check-codes";
import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { benchDocument } from "./bench-document.ts";
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
