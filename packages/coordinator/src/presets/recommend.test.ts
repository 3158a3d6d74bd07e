// The recommendation engine: production, extreme or excluded, with the reason in words.
import { Purpose } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MadeResult, madeDefault, madeResult, point } from "../testing/made-results.ts";
import { choosePresets } from "./choose-preset.ts";
import { wholeKey } from "./whole-key.ts";

const BASE = madeResult({ trialId: "t-0", purpose: Purpose.CONFIRM, decode: [10, 10.1, 9.9, 10, 10.2, 9.8] });
const other = point({ numBatch: 128 });
const confirmed = (made: MadeResult): TrialResult =>
  madeResult({ trialId: "t-9", purpose: Purpose.CONFIRM, configuration: other, ...made });

const judge = (results: readonly TrialResult[], asked = other) =>
  wholeKey(results, [madeDefault()]).judged.get(configurationKey(asked));

const six = (rate: number): number[] => [0, 0.01, -0.01, 0.02, -0.02, 0].map((share) => rate * (1 + share));

describe("the recommendation", () => {
  it("is production from the 59th clean run on and not before, whatever the gain", () => {
    const runs = (count: number) => judge([BASE, confirmed({ decode: Array(count).fill(10) })]);
    expect(runs(59)).toMatchObject({
      verdict: "production",
      reason: "proven stable: 59/59, at least 95.0 % (95 % conf.)",
    });
    expect(runs(58)?.verdict).toBe("excluded");
    expect(runs(58)?.reason).toContain("1 more run without a failure would prove 95 %");
  });

  it("asks for a confirmation on fresh samples besides the runs", () => {
    const screened = confirmed({ purpose: Purpose.SCREEN, decode: Array(59).fill(10) });
    expect(judge([BASE, screened])).toMatchObject({ verdict: "excluded" });
    expect(judge([BASE, screened])?.reason).toContain("a confirmation on fresh samples would make it");
  });

  it("is extreme when the lower end of the decode rate's gain is above 2, and excluded when only the point is", () => {
    expect(judge([BASE, confirmed({ decode: six(23) })])).toMatchObject({
      verdict: "extreme",
      metric: "decode_tokens_per_second",
    });
    const wide = judge([BASE, confirmed({ decode: [15, 19, 23, 24, 25, 26] })]);
    expect(wide?.verdict).toBe("excluded");
    expect(wide?.reason).toMatch(
      /^not proven stable: 6\/6, at least 61 % \(95 % conf\.\); not surely more than twice the default: decode rate 2\.\d\d times \[1\.\d\d, 2\.\d\d\], context 1\.00 times; 53 more runs/,
    );
    expect(judge([BASE, confirmed({ decode: [90] })])?.reason).toContain("(no interval)");
  });

  it("is extreme when the filled context is more than twice the default's, not at exactly twice", () => {
    const at = (numCtx: number) => {
      const configuration = point({ numCtx });
      return judge([BASE, confirmed({ configuration, decode: [5] })], configuration);
    };
    expect(at(8_192)?.verdict).toBe("excluded");
    expect(at(12_288)).toMatchObject({ verdict: "extreme", metric: "num_ctx" });
    expect(at(12_288)?.reason).toBe(
      "not proven stable: 1/1, at least 5 % (95 % conf.); but surely more than twice the default: context 3.00 times",
    );
  });

  it("excludes the default itself, and everything where the default was not measured", () => {
    expect(judge([BASE], madeDefault())?.reason).toContain("it is the default, which gains nothing");
    const alone = judge([confirmed({ decode: six(90) })]);
    expect(alone).toMatchObject({ verdict: "excluded" });
    expect(alone?.reason).toContain("the default was not measured, so no gain is known");
  });

  it("excludes what never gave a sample that may be used, and names how it failed", () => {
    const configuration = point({ numCtx: 65_536 });
    const failed = ["t-7", "t-8"].map((trialId) =>
      madeResult({ trialId, configuration, failureClass: "out_of_memory_load" }),
    );
    expect(judge([BASE, ...failed], configuration)?.reason).toBe(
      "no sample of it may be used, after 2 attempts: 2 failed (out_of_memory_load)",
    );
    expect(judge([BASE, madeResult({ configuration: other, rejected: true })])?.reason).toBe(
      "no sample of it may be used, after 1 attempt",
    );
  });

  it("is on every preset beside the count of all, and agrees with its status", () => {
    const results = [
      BASE,
      confirmed({ decode: Array(59).fill(30) }),
      confirmed({ trialId: "t-8", configuration: point({ numCtx: 65_536 }), decode: [5] }),
      madeResult({ trialId: "t-7", configuration: point({ numCtx: 131_072 }), failureClass: "timeout" }),
    ];
    const presets = choosePresets(results, [madeDefault()]);
    expect(presets.map(({ purpose }) => purpose)).toContain("extreme_64k");
    for (const { status, recommendation, tried } of presets) {
      expect(recommendation?.verdict === "production").toBe(status === "production");
      expect(tried).toMatchObject({ production: 1, extreme: 1, excluded: 2 });
    }
  });

  it("never calls production what the runs do not prove, whatever happened", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 0, max: 3 }), (clean, failures) => {
        const failed = Array.from({ length: failures }, (_, index) =>
          confirmed({ trialId: `t-f${index}`, failureClass: "runner_crashed" }),
        );
        const needed = [59, 93, 124, 153][failures] ?? 0;
        const verdict = judge([BASE, confirmed({ decode: Array(clean).fill(10) }), ...failed])?.verdict;
        expect(verdict).toBe(clean + failures >= needed ? "production" : "excluded");
      }),
    );
  });
});
