import { create } from "@bufbuild/protobuf";
import { RoundSchema, type Sample, SampleKind, SampleSchema, TrialResultSchema } from "@ozone/proto/trial";
import { describe, expect, it } from "vitest";
import { isSampleValid } from "./check-codes.ts";
import { configuration } from "./configuration.ts";
import { repetitionsOf } from "./round-rates.ts";
import { filledSamples, sampleKindWords } from "./sample-kinds.ts";
import { usableSamples } from "./usable-samples.ts";

const sample = (round: number, change: Partial<Sample> = {}): Sample =>
  Object.assign(
    create(SampleSchema, { round, valid: true, decodeTokensPerSecond: 50, ttftMs: 100 + round }),
    change,
  );
const result = (concurrency: number, samples: Sample[], rates: (number | undefined)[] = []) =>
  create(TrialResultSchema, {
    configuration: configuration({ numCtx: 2048, numBatch: 512, numPredict: 64, concurrency }),
    samples,
    rounds: rates.map((rate, round) =>
      create(RoundSchema, {
        round,
        requests: concurrency,
        ...(rate === undefined ? {} : { decodeTokensPerSecond: rate }),
      }),
    ),
  });
const decodeOf = (samples: readonly Sample[]) => samples.flatMap((one) => one.decodeTokensPerSecond ?? []);

describe("the decode rate of a configuration", () => {
  it("is each sample's own with one request at a time", () => {
    expect(decodeOf(usableSamples(result(1, [sample(0), sample(1)])))).toEqual([50, 50]);
  });

  it("is what came out together with several, once per round, and never a sum of single rates", () => {
    const two = result(2, [sample(0), sample(0), sample(1), sample(1)], [70, 90]);
    expect(decodeOf(usableSamples(two))).toEqual([70, 90]);
    expect(usableSamples(two).map(({ ttftMs }) => ttftMs)).toEqual([100, 100, 101, 101]);
  });

  it("is missing for a round of which a request can't be used", () => {
    const broken = result(2, [sample(0), sample(0, { valid: false }), sample(1), sample(1)], [70, 90]);
    expect(decodeOf(usableSamples(broken))).toEqual([90]);
    expect(repetitionsOf(broken, broken.samples)).toEqual({ runs: 2, successes: 1 });
    expect(decodeOf(usableSamples(result(2, [sample(0), sample(0)])))).toEqual([]);
  });
});

describe("samples of other kinds", () => {
  it("make no figures of the configuration; those of older agents do", () => {
    const kinds = [
      SampleKind.UNSPECIFIED,
      SampleKind.FILLED,
      SampleKind.DEPTH,
      SampleKind.WARM_PREFIX,
      SampleKind.SUSTAINED,
      SampleKind.SHORTER,
      99 as SampleKind,
    ];
    const all = result(
      1,
      kinds.map((kind, at) => sample(at, { kind })),
    );
    expect(usableSamples(all).map(({ round }) => round)).toEqual([0, 1]);
    expect(repetitionsOf(all, filledSamples(all)).runs).toBe(2);
    expect(kinds.map(sampleKindWords)).toEqual([
      "filled",
      "filled",
      "depth",
      "warm_prefix",
      "sustained",
      "shorter",
      "unknown",
    ]);
  });

  it("are warm whether or not the server used its cache; that alone rejects nothing there", () => {
    const computedAgain = [{ code: "no_prefix_cache", passed: false }];
    expect(isSampleValid(computedAgain, SampleKind.WARM_PREFIX)).toBe(true);
    expect(isSampleValid(computedAgain, SampleKind.DEPTH)).toBe(false);
    expect(isSampleValid(computedAgain, SampleKind.SHORTER)).toBe(false);
    expect(isSampleValid([{ code: "clocks_agree", passed: false }], SampleKind.WARM_PREFIX)).toBe(false);
  });
});
