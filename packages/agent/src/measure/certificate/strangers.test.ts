// Servers that nobody here has written: what an honest one may do without being refused, and lies in small doses.
import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import type { SampleEvidence } from "../evidence.ts";
import { certify } from "./certify.ts";
import type { AttemptFacts } from "./facts.ts";
import {
  attempt,
  evidence,
  honestDone,
  honestStream,
  honestWarmUp,
  loadedModel,
  sampleOf,
  withDone,
} from "./sample-material.ts";

type Passed = boolean | "unknown";

/** What each check says of the first of the samples. */
function certificateOf(
  samples: readonly SampleEvidence[],
  change: Partial<AttemptFacts> = {},
): Record<string, Passed> {
  const facts = samples.map(sampleOf);
  const [first] = facts;
  if (first === undefined) throw new Error("no sample");
  const findings = certify(first, attempt(facts, change));
  return Object.fromEntries(findings.map(({ code, passed }) => [code, passed ?? "unknown"]));
}

/** The same sample on another version. */
const on = (version: string, one: SampleEvidence): SampleEvidence => ({
  ...one,
  before: { ...one.before, version },
  after: { ...one.after, version },
});

const failedIn = (certificate: Record<string, Passed>): string[] =>
  Object.keys(certificate).filter((code) => certificate[code] === false);

const loadedAs = (change: Partial<typeof loadedModel>): Partial<AttemptFacts> => ({
  loads: [{ launch: 0, clientMs: 900, serverMs: 800, state: { ...loadedModel, ...change } }],
});

/** Decode at 1 ms a token: beyond the RAM of the material's machine, not beyond a GPU. */
function fast(): SampleEvidence {
  const stream = honestStream();
  const firstMs = stream.textTimesMs[0] ?? 0;
  return evidence({
    stream: {
      ...stream,
      textTimesMs: stream.textTimesMs.map((_, at) => firstMs + at),
      doneAtMs: firstMs + 64,
      done: { ...honestDone(), eval_duration: 63e6, total_duration: 1_066e6 },
    },
  });
}

describe("a rate whose memory is not known", () => {
  const warmUp = { ...honestWarmUp, prefill: 1500, decode: 1000 };

  it("is refused in RAM, and left open on a GPU or where the server does not show the place", () => {
    const seen = (sizeVramBytes: number | null): Passed | undefined =>
      certificateOf([fast()], { ...loadedAs({ sizeVramBytes }), warmUp }).rate_plausible;
    expect(seen(0)).toBe(false);
    expect(seen(loadedModel.sizeBytes)).toBe("unknown");
    expect(seen(null)).toBe("unknown");
  });

  it("is refused where no memory that exists is so fast", () => {
    const details = { ...attempt([]).details, weightBytesPerToken: 40e9 };
    const change = { ...loadedAs({ sizeVramBytes: loadedModel.sizeBytes }), warmUp, details };
    expect(certificateOf([fast()], change).rate_plausible).toBe(false);
  });
});

describe("a prompt", () => {
  it("whose words are not counted one by one is refused for that, not for a context that is too small", () => {
    const stream = { ...honestStream(), done: null, doneAtMs: null, textTimesMs: [], textBytes: 0, lines: 0 };
    const refused = evidence({ refusal: "exceeds the context", stream });
    const failed = failedIn(certificateOf([refused], { exactLengths: false }));
    expect(failed).toContain("prompt_tokens_match");
    expect(failed).not.toContain("context_allocated");
  });

  it("of many batches is not read in less time than they need, each a reading of all weights", () => {
    const point = configuration({ numCtx: 2048, numBatch: 256, numPredict: 64 });
    const warmUp = { ...honestWarmUp, prefill: 1500, decode: 110 };
    const change = { configuration: point, warmUp, ...loadedAs({ effective: { num_batch: 256 } }) };
    const skipped = withDone({ prompt_eval_duration: 250e6 });
    expect(failedIn(certificateOf([skipped], change))).toContain("no_prefix_cache");
    const whole = withDone({ prompt_eval_duration: 998e6 });
    expect(failedIn(certificateOf([whole], change))).toEqual([]);
  });
});

describe("what all samples share", () => {
  const scaled = (share: number): SampleEvidence => {
    const entries = Object.entries(honestDone()).map(([key, value]) => [
      key,
      key.endsWith("_duration") ? Math.round(Number(value) * share) : value,
    ]);
    return withDone(Object.fromEntries(entries));
  };

  it("shows durations a little too short, which a single sample may owe to noise", () => {
    expect(failedIn(certificateOf([scaled(0.95)]))).toEqual([]);
    expect(failedIn(certificateOf([scaled(0.95), scaled(0.95), scaled(0.95)]))).toEqual(["clocks_agree"]);
  });

  it("is not held against samples of which one was in time", () => {
    const late = evidence({
      stream: { ...honestStream(), doneAtMs: (honestStream().doneAtMs ?? 0) + 32 },
    });
    expect(failedIn(certificateOf([late, late, evidence()]))).toEqual([]);
  });

  it("leaves the sampling of a token out only on the versions that do so", () => {
    const seen = (engineVersion: string): string[] => {
      const one = on(engineVersion, withDone({ eval_duration: 63 * 9e6 }));
      return failedIn(certificateOf([one, one, one], { engineVersion }));
    };
    expect(seen("0.24.0")).toEqual([]);
    expect(seen("0.30.0")).toEqual(["clocks_agree"]);
  });
});

it("a load that took longer by the server's word than the client waited is a contradiction", () => {
  const loads = [{ launch: 0, clientMs: 900, serverMs: 1900, state: loadedModel }];
  expect(failedIn(certificateOf([evidence()], { loads }))).toEqual(["clocks_agree"]);
});

describe("tokens that were never generated", () => {
  it("are found by answers of one token where all longer answers are cut alike", () => {
    const times = honestStream().textTimesMs.slice(0, 32);
    const cut = (textBytes: number): SampleEvidence =>
      evidence({ stream: { ...honestStream(), textTimesMs: times, textBytes } });
    const warmUp = { ...honestWarmUp, bytesPerToken: null };
    expect(failedIn(certificateOf([cut(32 * 6)], { warmUp }))).toContain("output_complete");
    expect(failedIn(certificateOf([cut(64 * 6)], { warmUp }))).not.toContain("output_complete");
    expect(failedIn(certificateOf([cut(64 * 4)], { warmUp }))).not.toContain("output_complete");
  });
});

it("load_duration that grows with the prompt is time taken from the prefill", () => {
  const moved = (): SampleEvidence => withDone({ load_duration: 42e6, prompt_eval_duration: 960e6 });
  expect(failedIn(certificateOf([moved()]))).toEqual([]);
  expect(failedIn(certificateOf([moved(), moved(), moved()]))).toEqual(["clocks_agree"]);
});

describe("chunks that are fewer than the tokens counted", () => {
  const merged = (every: number, stepMs: number, tokens = 64): SampleEvidence => {
    const stream = honestStream();
    const firstMs = stream.textTimesMs[0] ?? 0;
    const chunks = Math.ceil(tokens / every);
    const textTimesMs = Array.from({ length: chunks }, (_, at) => firstMs + at * every * stepMs);
    return evidence({ stream: { ...stream, textTimesMs } });
  };

  it("may hold several tokens each", () => {
    for (const one of [merged(2, 10), merged(3, 10), merged(2, 9)]) {
      expect(failedIn(certificateOf([one]))).toEqual(["chunk_ratio"]);
    }
  });

  it("are tokens made up when they come at no multiple of a step", () => {
    const cut = merged(1, (63 * 10) / 55, 56);
    expect(failedIn(certificateOf([cut]))).toContain("output_complete");
  });
});
