import { create } from "@bufbuild/protobuf";
import { ProtocolSchema } from "@ozone/proto/configuration";
import { SampleSchema, type TrialResult } from "@ozone/proto/trial";
import { type ConfigurationValues, configuration, promptTokensFor } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { madeResult } from "../../testing/made-results.ts";
import { trialMs } from "./estimate-cost.ts";
import { experienceOf, withBatch } from "./pace-from-results.ts";

const point = (change: Partial<ConfigurationValues> = {}) =>
  configuration({ numCtx: 4096, numBatch: 512, numThread: 2, numPredict: 100, ...change });

/** What a machine of 1,000 t/s prefill, 100 t/s decode and loads of 2 s would have reported of one sample. */
function measured(change: Partial<ConfigurationValues> = {}, { slower = 1, waitMs = 0 } = {}): TrialResult {
  const at = point(change);
  const promptTokens = promptTokensFor(at, 0.9);
  const totalMs = slower * (promptTokens + 10 * at.numPredict);
  const result = madeResult({ configuration: at });
  result.samples = [
    create(SampleSchema, {
      valid: true,
      promptTokens,
      generatedTokens: at.numPredict,
      prefillTokensPerSecond: 1000 / slower,
      decodeTokensPerSecond: 100 / slower,
      totalMs,
    }),
  ];
  result.elapsedMs = totalMs + 2_000 + waitMs;
  return result;
}
const twoContexts = () => [measured(), measured({ numCtx: 16_384 })];
const screen = (change: Partial<ConfigurationValues> = {}) => ({
  configuration: point(change),
  protocol: create(ProtocolSchema, { fill: 0.9, repetitions: 1, launches: 1 }),
  purpose: 1,
});

describe("what earlier results say of time", () => {
  it("predicts a context that was not measured, with a range around it", () => {
    const pace = experienceOf(twoContexts())?.paceOf(point({ numCtx: 8192 }));
    if (!pace) throw new Error("no experience");
    const { low, likely, high } = trialMs(pace, screen({ numCtx: 8192 }));
    expect(likely).toBeCloseTo(7372 + 1000 + 2000, 0);
    expect(low).toBeCloseTo(0.8 * 8372 + 2000, 0);
    expect(high).toBeCloseTo(1.3 * 8372 + 2000, 0);
  });

  it("widens the range to what was seen, slow trials and waiting included", () => {
    const results = [...twoContexts(), measured({ numCtx: 8192 }, { slower: 2, waitMs: 30_000 })];
    const pace = experienceOf(results)?.paceOf(point({ numCtx: 8192 }));
    if (!pace) throw new Error("no experience");
    expect(trialMs(pace, screen({ numCtx: 8192 })).high).toBeGreaterThanOrEqual(2 * 8372);
    expect([pace.low.launchMs, pace.likely.launchMs, pace.high.launchMs]).toEqual([2_000, 2_000, 32_000]);
  });

  it("expects growth beyond the only prompt length that was seen", () => {
    const pace = experienceOf([measured()])?.paceOf(point({ numCtx: 65_536 }));
    if (!pace) throw new Error("no experience");
    const { likely, high } = trialMs(pace, screen({ numCtx: 65_536 }));
    expect(likely).toBeGreaterThan(1.5 * 58_982);
    expect(high).toBeGreaterThan(3 * likely);
  });

  it("takes the nearest batch size and number of threads, and allows for the difference", () => {
    const results = [...twoContexts(), measured({ numBatch: 64, numThread: 1 }, { slower: 3 })];
    const experience = experienceOf(results);
    expect(experience?.paceOf(point({ numBatch: 256 })).likely.decode.fixed).toBeCloseTo(0.01, 5);
    expect(experience?.paceOf(point({ numBatch: 64, numThread: 1 })).likely.decode.fixed).toBeCloseTo(
      0.03,
      5,
    );
    const fewer = experience?.paceOf(point({ numThread: 4 }));
    expect((fewer?.low.decode.fixed ?? 1) < 0.006 && (fewer?.high.decode.fixed ?? 0) >= 0.01).toBe(true);
    expect([...(experience?.batches ?? [])]).toEqual([512, 64]);
  });

  it("never makes a smaller batch cheaper, nor dearer than token by token", () => {
    const small = withBatch(0.001, 0.01, 512, 8);
    expect(small.low).toBe(0.001);
    expect(small.likely).toBeCloseTo(0.001 + 0.01 / 8 - 0.01 / 512, 9);
    expect(small.high).toBeCloseTo(0.001 + 2 * (0.01 / 8 - 0.01 / 512), 9);
    expect(withBatch(0.001, 0.01, 512, 1).high).toBeCloseTo(0.01, 9);
    const large = withBatch(0.002, 0.01, 8, 512);
    expect(large.high).toBe(0.002);
    expect(large.low).toBeGreaterThan(0);
  });

  it("learns nothing from failures, from several requests at a time, and from no results", () => {
    expect(experienceOf([])).toBeNull();
    expect(experienceOf([madeResult({ failureClass: "out_of_memory_load" })])).toBeNull();
    expect(experienceOf([measured({ concurrency: 4 })])).toBeNull();
  });
});
