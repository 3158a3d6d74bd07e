// Presets over output lengths that share their fills: what several trials would have given, from one.
import { create, toBinary } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { PresetSchema } from "@ozone/proto/preset";
import { MatrixSchema, SweepRequestSchema } from "@ozone/proto/sweep";
import type { TrialResult } from "@ozone/proto/trial";
import { configuration, configurationKey } from "@ozone/shared/configuration";
import { expandSharedFills } from "@ozone/shared/expand-shared-fills";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completeRequest } from "../planning/complete-request.ts";
import { targetPlanner } from "../planning/plan-target.ts";
import { madeDefault, madeResult } from "../testing/made-results.ts";
import { runTarget } from "../testing/made-target.ts";
import { choosePresets } from "./choose-preset.ts";

const point = (numCtx: number, numPredict: number) =>
  configuration({ numCtx, numBatch: 16, numThread: 1, numPredict });
const results = (): TrialResult[] => [
  madeResult({ trialId: "t-1", configuration: madeDefault(), decode: [90, 91, 92] }),
  madeResult({
    trialId: "t-2",
    configuration: point(8192, 512),
    decode: [70, 71, 72],
    shorterPredicts: [256],
  }),
  madeResult({
    trialId: "t-3",
    configuration: point(16_384, 512),
    decode: [40, 41, 42],
    shorterPredicts: [256],
  }),
  madeResult({ trialId: "t-4", configuration: point(32_768, 512), failureClass: "request_timeout" }),
];
const bytes = (all: readonly TrialResult[]): Uint8Array[] =>
  choosePresets(all, [madeDefault()]).map((preset) => toBinary(PresetSchema, preset));

describe("presets over several output lengths behind the same fills", () => {
  it("are the same bytes from the same results in any order", () => {
    const expected = bytes(results());
    expect(expected.length).toBeGreaterThanOrEqual(3);
    fc.assert(
      fc.property(fc.shuffledSubarray(results(), { minLength: results().length }), (shuffled) => {
        expect(bytes(shuffled)).toEqual(expected);
      }),
    );
  });

  it("are those that a trial for each length would have given with the same samples", () => {
    expect(bytes(results().flatMap(expandSharedFills))).toEqual(bytes(results()));
  });

  it("may choose a shorter output, whose evidence leads to the trial that filled", () => {
    const preset = choosePresets(results(), [madeDefault()]).find(({ purpose }) => purpose === "max_context");
    // Its decode is a tenth faster in the made results, and the context the same.
    expect(preset?.configuration).toMatchObject({ numCtx: 16_384, numPredict: 256 });
    expect(preset?.evidence).toEqual(["t-3/1"]);
    expect(preset?.warnings.join(" ")).toContain("TTFT and prefill are those of fills shared with a longer");
    expect(preset?.figures?.decodeTokensPerSecond).toMatchObject({ n: 3 });
    expect(preset?.figures?.ttftMs?.median).toBe(Math.floor(16_384 * 0.9));
  });

  it("come from a grid that confirms a shorter output by fills of its own", () => {
    const request = completeRequest(
      create(SweepRequestSchema, {
        strategy: "grid",
        matrix: create(MatrixSchema, { numCtx: [8192], numBatch: [16], numPredict: [256, 512] }),
        protocol: { repetitions: 3, shareFill: true },
      }),
    );
    const { ran } = runTarget(targetPlanner, request, { rateOf: () => 100, trialMs: 5_000 });
    const planned = ran.map(({ purpose, configuration: one, protocol }) => [
      purpose,
      configurationKey(one).replace(/num_thread=\d+ /, ""),
      protocol.shorterPredicts,
    ]);
    expect(planned).toContainEqual([Purpose.SCREEN, "num_ctx=8192 num_batch=16 num_predict=512", [256]]);
    expect(planned).toContainEqual([Purpose.CONFIRM, "num_ctx=8192 num_batch=16 num_predict=256", []]);
  });
});
