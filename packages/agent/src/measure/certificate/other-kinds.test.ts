// The certificate of samples that are not the configuration's own: prompts from the cache, other depths, and requests
// that wait for each other.
import { SampleKind } from "@ozone/proto/trial";
import { isSampleValid } from "@ozone/shared/check-codes";
import { describe, expect, it } from "vitest";
import type { SampleEvidence } from "../evidence.ts";
import { certify } from "./certify.ts";
import type { Finding } from "./finding.ts";
import { attempt, evidence, honestDone, honestStream, sampleOf, withDone } from "./sample-material.ts";

const certificate = (one: SampleEvidence, others: readonly SampleEvidence[]): Finding[] => {
  const judged = sampleOf(one);
  return certify(judged, attempt([...others.map(sampleOf), judged]));
};
const findingOf = (findings: readonly Finding[], code: string) => findings.find((one) => one.code === code);
const failedCodes = (findings: readonly Finding[]): string[] =>
  findings.filter(({ passed }) => passed === false).map(({ code }) => code);

/** A prompt of 1859 tokens that repeats the filled one's 1843: computed in `prefillMs` instead of 1000. */
const warm = (prefillMs: number, done: Record<string, unknown> = {}): SampleEvidence => {
  const savedMs = 1000 - prefillMs;
  const stream = honestStream();
  return evidence({
    kind: SampleKind.WARM_PREFIX,
    promptTokens: 1859,
    repeatedTokens: 1843,
    stream: {
      ...stream,
      textTimesMs: stream.textTimesMs.map((time) => time - savedMs),
      doneAtMs: (stream.doneAtMs ?? 0) - savedMs,
      done: {
        ...honestDone(),
        prompt_eval_count: 1859,
        prompt_eval_duration: prefillMs * 1e6,
        total_duration: Number(honestDone().total_duration) - savedMs * 1e6,
        ...done,
      },
    },
  });
};

describe("a prompt whose beginning is in the cache on purpose", () => {
  it("passes in every check, though its rate would be beyond the machine", () => {
    const findings = certificate(warm(20), [evidence(), evidence()]);
    expect(findings.filter(({ passed }) => passed !== true)).toEqual([]);
    expect(findingOf(findings, "no_prefix_cache")?.detail).toContain("only the tail was computed");
  });

  it("is believed by the server's own count where there is one, and never against it", () => {
    const cached = certificate(warm(20, { prompt_eval_cached_count: 1842 }), [evidence()]);
    expect(findingOf(cached, "no_prefix_cache")).toMatchObject({ passed: true });
    const claimed = certificate(warm(20, { prompt_eval_cached_count: 3 }), [evidence()]);
    expect(findingOf(claimed, "no_prefix_cache")).toMatchObject({ passed: false });
  });

  it("that was computed again is marked, not rejected", () => {
    const findings = certificate(warm(950), [evidence()]);
    expect(failedCodes(findings)).toEqual(["no_prefix_cache"]);
    expect(isSampleValid(findings, SampleKind.WARM_PREFIX)).toBe(true);
  });

  it("can't be told without a whole prefill beside it", () => {
    expect(findingOf(certificate(warm(20), []), "no_prefix_cache")).not.toHaveProperty("passed");
  });

  it("is still held to its count and its clocks", () => {
    expect(failedCodes(certificate(warm(20, { prompt_eval_count: 1843 }), [evidence()]))).toContain(
      "prompt_tokens_match",
    );
    expect(failedCodes(certificate(warm(20, { eval_duration: 300e6 }), [evidence()]))).toContain(
      "clocks_agree",
    );
  });

  it("is no peer of the prompts that were computed", () => {
    const findings = certificate(evidence(), [warm(20), warm(20), warm(20)]);
    expect(failedCodes(findings)).toEqual([]);
  });
});

describe("another depth in the same load", () => {
  const shallow = (): SampleEvidence => {
    const stream = honestStream();
    const done = {
      ...honestDone(),
      prompt_eval_count: 184,
      prompt_eval_duration: 20e6,
      total_duration: Number(honestDone().total_duration) - 980e6,
    };
    const textTimesMs = stream.textTimesMs.map((time) => time - 980);
    const doneAtMs = (stream.doneAtMs ?? 0) - 980;
    return evidence({
      kind: SampleKind.DEPTH,
      promptTokens: 184,
      stream: { ...stream, textTimesMs, doneAtMs, done },
    });
  };

  it("may be prefilled much faster than the filled samples: only prompts of one length are compared", () => {
    expect(failedCodes(certificate(shallow(), [evidence(), evidence(), evidence()]))).toEqual([]);
    const hit = withDone({ prompt_eval_duration: 250e6, total_duration: 883e6 });
    expect(failedCodes(certificate(hit, [shallow(), evidence(), evidence()]))).toContain("no_prefix_cache");
  });
});
