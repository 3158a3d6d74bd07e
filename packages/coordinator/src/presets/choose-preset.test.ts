import { create } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { RoundSchema, SampleKind, type TrialResult } from "@ozone/proto/trial";
import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { madeDefault, madeResult, point } from "../testing/made-results.ts";
import { choosePresets } from "./choose-preset.ts";

const purposes = (results: readonly TrialResult[]) =>
  new Map(choosePresets(results, [madeDefault()]).map((preset) => [preset.purpose, preset]));

const sweep = (): TrialResult[] => [
  madeResult({ trialId: "t-1", decode: [100] }),
  madeResult({ trialId: "t-2", configuration: point({ numBatch: 128 }), decode: [99], ttftMs: 2_000 }),
  madeResult({ trialId: "t-3", configuration: point({ numCtx: 8192 }), decode: [80], ttftMs: 9_000 }),
  madeResult({ trialId: "t-4", purpose: Purpose.CONFIRM, decode: [100, 101, 99, 100, 102, 98] }),
  madeResult({
    trialId: "t-5",
    purpose: Purpose.CONFIRM,
    configuration: point({ numBatch: 128 }),
    decode: [99, 100, 98, 99, 101, 97],
    ttftMs: 2_000,
  }),
  madeResult({
    trialId: "t-6",
    purpose: Purpose.CONFIRM,
    configuration: point({ numCtx: 8192 }),
    decode: [80, 81, 79, 80, 82, 78],
    ttftMs: 9_000,
  }),
];

describe("choosing presets", () => {
  it("takes the shortest wait for fast_response and the largest context for max_context", () => {
    const presets = purposes(sweep());
    expect(presets.get("fast_response")?.configuration?.numBatch).toBe(128);
    expect(presets.get("max_context")?.configuration?.numCtx).toBe(8192);
  });

  it("publishes confirmation samples only, never the screening that selected them", () => {
    const decode = purposes(sweep()).get("fast_response")?.figures?.decodeTokensPerSecond;
    expect(decode).toMatchObject({ n: 6, method: "order-statistics", ciLow: 97, ciHigh: 101 });
  });

  it("counts filled samples only, as figures and as runs, whatever else was measured in the same load", () => {
    const withDepth = sweep().map((result) => {
      const [first] = result.samples;
      const depth = { index: 99, kind: SampleKind.DEPTH, decodeTokensPerSecond: 900 };
      const besides = first ? [true, false].map((valid) => ({ ...first, ...depth, valid })) : [];
      return { ...result, samples: [...result.samples, ...besides] };
    });
    const [plain, besides] = [purposes(sweep()), purposes(withDepth)].map((all) => all.get("fast_response"));
    expect(besides?.figures).toEqual(plain?.figures);
    expect(besides?.stability).toEqual(plain?.stability);
  });

  it("states of concurrent requests what came out together, and a round as one run", () => {
    const together = configuration({
      numCtx: 4096,
      numBatch: 512,
      numThread: 1,
      numPredict: 64,
      concurrency: 2,
    });
    const result = madeResult({
      configuration: together,
      purpose: Purpose.CONFIRM,
      decode: [90, 91, 90, 91],
    });
    for (const [at, sample] of result.samples.entries()) sample.round = at >> 1;
    result.rounds = [110, 112].map((rate, round) =>
      create(RoundSchema, { round, requests: 2, decodeTokensPerSecond: rate }),
    );
    const preset = purposes([result]).get("balanced");
    expect(preset?.figures?.decodeTokensPerSecond).toMatchObject({ median: 111, n: 2 });
    expect(preset?.figures?.ttftMs).toMatchObject({ n: 4 });
    expect(preset?.stability).toMatchObject({ runs: 2, successes: 2 });
  });

  it("says preliminary and why while nothing is confirmed", () => {
    const preset = purposes(sweep().slice(0, 3)).get("fast_response");
    expect(preset?.status).toBe("preliminary");
    expect(preset?.warnings.join(" ")).toMatch(/not confirmed on fresh samples/);
  });

  it("offers the largest context that was filled as max_context even before it is confirmed, and says so", () => {
    const larger = madeResult({
      trialId: "t-9",
      configuration: point({ numCtx: 16_384 }),
      decode: [40],
      ttftMs: 9_000,
    });
    const preset = purposes([...sweep(), larger]).get("max_context");
    expect(preset?.configuration?.numCtx).toBe(16_384);
    expect(preset?.warnings.join(" ")).toMatch(/preliminary: screened only/);
  });

  it("states the gain over the default with its interval, and none for the default itself", () => {
    const gains = purposes(sweep()).get("fast_response")?.gains;
    const ttft = gains?.find(({ metric }) => metric === "ttft_ms");
    expect(ttft).toMatchObject({ verdict: "better" });
    expect(ttft?.ratio).toBeCloseTo(2_000 / 3_686, 2);
    const alone = purposes([madeResult({ purpose: Purpose.CONFIRM, decode: [1, 1, 1, 1, 1, 1] })]);
    expect(alone.get("balanced")?.gains).toEqual([]);
  });

  it("names the runner-up and why it lost", () => {
    expect(purposes(sweep()).get("max_context")?.runnerUp?.whyItLost).toMatch(
      /num_ctx 4096 .* against num_ctx 8192/,
    );
  });

  it("says of presets that coincide that they do", () => {
    const presets = purposes([madeResult({ decode: [100] })]);
    expect(presets.get("balanced")?.warnings).toContain("Same configuration as fast_response.");
  });

  it("says limited by time, not by memory, when a time box ended the ladder", () => {
    const presets = purposes([madeResult({ timeBoxed: true, trained: 131_072 })]);
    expect(presets.get("max_context")?.warnings.join(" ")).toMatch(/limited by time, not by memory/);
  });

  it("says limited by memory when a larger context ran out of it", () => {
    const larger = madeResult({
      trialId: "t-9",
      configuration: point({ numCtx: 65_536 }),
      failureClass: "out_of_memory_load",
    });
    const presets = purposes([madeResult({ trained: 131_072 }), larger]);
    expect(presets.get("max_context")?.warnings[0]).toMatch(/limited by memory: num_ctx 65536/);
  });

  it("never takes a rejected sample", () => {
    const liar = madeResult({
      trialId: "t-9",
      configuration: point({ numBatch: 64 }),
      decode: [9_999],
      rejected: true,
    });
    const presets = purposes([...sweep(), liar]);
    expect(presets.get("fast_response")?.configuration?.numBatch).toBe(128);
  });

  it("leaves contended samples out unless the sweep allowed them, and says so when it did", () => {
    const contended = {
      decode: [200],
      contended: true,
      configuration: point({ numBatch: 64 }),
      trialId: "t-9",
    };
    expect(choosePresets([madeResult(contended)], [])).toEqual([]);
    const [allowed] = choosePresets([madeResult({ ...contended, allowContended: true })], []);
    expect(allowed?.warnings.join(" ")).toMatch(/Other programs used the machine/);
  });

  it("does not offer a context that fails more than once in twenty runs as max_context", () => {
    const configuration = point({ numCtx: 8192 });
    const failures = ["t-a", "t-b"].map((trialId) =>
      madeResult({ trialId, configuration, failureClass: "runner_crashed" }),
    );
    expect(purposes([...sweep(), ...failures]).get("max_context")?.configuration?.numCtx).toBe(4096);
  });

  it("never says that anything is 100 % stable", () => {
    for (const preset of choosePresets(sweep(), [])) {
      expect(preset.stability?.words).toMatch(/at least \d+ %/);
      expect(preset.status).toBe("preliminary");
    }
  });

  it("warns when a chosen configuration came close to the end of the memory", () => {
    const memory = { availableBytes: 8_000_000_000n, peakPssBytes: 7_280_000_000n };
    const [tight] = choosePresets([madeResult({ memory })], []);
    expect(tight?.warnings.join(" ")).toContain("RAM stress high: 91 %");
    const [roomy] = choosePresets([madeResult({ memory: { ...memory, peakPssBytes: 1n } })], []);
    expect(roomy?.warnings.join(" ")).not.toContain("stress");
  });

  it("does not count an attempt that a battery ended as a failed run", () => {
    const [chosen] = choosePresets(
      [madeResult(), madeResult({ trialId: "t-2", failureClass: "on_battery" })],
      [],
    );
    expect(chosen?.stability).toMatchObject({ successes: 1, runs: 1 });
  });
});
