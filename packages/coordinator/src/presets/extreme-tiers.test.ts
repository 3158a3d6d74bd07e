import { toBinary } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { PresetSchema } from "@ozone/proto/preset";
import type { TrialResult } from "@ozone/proto/trial";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeDefault, madeResult, point } from "../testing/made-results.ts";
import { choosePresets } from "./choose-preset.ts";

const confirmed = (trialId: string, numCtx: number, decode: number[], numBatch = 512): TrialResult =>
  madeResult({
    trialId,
    purpose: Purpose.CONFIRM,
    configuration: point({ numCtx, numBatch }),
    decode,
    ttftMs: numCtx,
    memory: { availableBytes: 20_000_000_000n, peakPssBytes: 9_000_000_000n },
  });
const failure = (trialId: string, numCtx: number, numBatch = 512): TrialResult =>
  madeResult({ trialId, configuration: point({ numCtx, numBatch }), failureClass: "runner_crashed" });

const sweep = (): TrialResult[] => [
  confirmed("t-1", 4096, [100, 101, 99, 100]),
  confirmed("t-2", 32_768, [60, 61, 59, 60]),
  confirmed("t-3", 16_384, [70, 71, 69]),
  confirmed("t-4", 65_536, [30, 31, 30]),
  confirmed("t-5", 65_536, [40, 41], 256),
  failure("t-6", 65_536, 256),
  confirmed("t-7", 131_072, [12, 11]),
  failure("t-8", 131_072),
  failure("t-9", 262_144),
];
const tiers = (results: readonly TrialResult[]) =>
  new Map(choosePresets(results, [madeDefault()]).map((preset) => [preset.purpose, preset]));

describe("the extreme tiers", () => {
  it("are there where such a context was filled at least once, and only there", () => {
    const names = [...tiers(sweep()).keys()].filter((purpose) => purpose.startsWith("extreme"));
    expect(names).toEqual(["extreme_64k", "extreme_128k"]);
    expect([...tiers(sweep().slice(0, 3)).keys()]).not.toContain("extreme_64k");
  });

  it("take what succeeds more often before what is faster, and say what lost", () => {
    const preset = tiers(sweep()).get("extreme_64k");
    expect(preset?.configuration).toMatchObject({ numCtx: 65_536, numBatch: 512 });
    expect(preset?.stability).toMatchObject({ successes: 3, runs: 3 });
    expect(preset?.runnerUp?.whyItLost).toMatch(/^2 of 3 runs at 40\.5 tokens\/s, against 3 of 3 at 30/);
  });

  it("warn, say what they take and what a person does on purpose, and what to go back to, nearest first", () => {
    const preset = tiers(sweep()).get("extreme_128k");
    expect(preset?.warnings.join(" ")).toMatch(/Beyond what is proven stable/);
    expect(preset?.requirements.join(" ")).toMatch(/Main memory: 8\.4 GiB were in use/);
    expect(preset?.overrides.join(" ")).toMatch(/ozone preset export .* --purpose extreme_128k/);
    expect(preset?.recoveryPlan.map(({ configuration }) => configuration?.numCtx)).toEqual([
      65_536, 32_768, 16_384,
    ]);
    expect(preset?.recommendation).toMatchObject({
      word: "extreme",
      reason: expect.stringMatching(/2\/3, .* the context is 32\.0 times/),
    });
    expect(preset?.status).toBe("preliminary");
  });

  it("say so when they are proven", () => {
    const many = Array.from({ length: 59 }, (_, index) => 30 + (index % 3));
    const preset = tiers([...sweep().slice(0, 3), confirmed("t-4", 65_536, many)]).get("extreme_64k");
    expect(preset).toMatchObject({ status: "production", recommendation: { word: "production" } });
    expect(preset?.warnings.join(" ")).not.toMatch(/Beyond what is proven/);
  });

  it("are the same bytes for the same results in any order", () => {
    const bytes = (results: readonly TrialResult[]) =>
      choosePresets(results, [madeDefault()]).map((preset) =>
        Buffer.from(toBinary(PresetSchema, preset)).toString("hex"),
      );
    const expected = bytes(sweep());
    fc.assert(
      fc.property(fc.shuffledSubarray(sweep(), { minLength: sweep().length }), (shuffled) => {
        expect(bytes(shuffled)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});
