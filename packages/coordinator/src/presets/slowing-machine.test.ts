// Presets of a machine that slows down under load: what it keeps up, and what is said of it.
import { create } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { SampleKind, SustainedSchema, type TrialResult } from "@ozone/proto/trial";
import { describe, expect, it } from "vitest";
import { type MadeResult, madeDefault, madeResult } from "../testing/made-results.ts";
import { choosePresets } from "./choose-preset.ts";

const FILLED = [100, 101, 99, 100, 102, 98];
const SLOWING = [100, 99, 95, 90, 85, 82, 79, 78, 77];

/** A confirmation with a sustained run besides. */
function withRun(
  made: MadeResult,
  run: { durationMs: number; throttled?: boolean; endFails?: "uncontended" | "unthrottled" },
): TrialResult {
  const result = madeResult({ purpose: Purpose.CONFIRM, decode: FILLED, ...made });
  const { durationMs, throttled = true, endFails } = run;
  const samples = SLOWING.flatMap((decodeTokensPerSecond, at) =>
    result.samples.slice(0, 1).map((first) => ({
      ...first,
      ...{ index: 50 + at, kind: SampleKind.SUSTAINED, decodeTokensPerSecond },
      checks: [
        ...first.checks.filter(({ code }) => code !== endFails),
        ...first.checks.slice(0, endFails && at >= 6 ? 1 : 0).map((check) => ({
          ...check,
          ...{ code: endFails ?? "", passed: false },
        })),
      ],
    })),
  );
  const sustained = create(SustainedSchema, { durationMs, samples: 9, ratio: 0.79, p: 0.001, throttled });
  return { ...result, samples: [...result.samples, ...samples], sustained };
}

function balancedOf(...results: readonly TrialResult[]) {
  const preset = choosePresets(results, [madeDefault()]).find(({ purpose }) => purpose === "balanced");
  if (!preset) throw new Error("there is no preset");
  return { decode: preset.figures?.decodeTokensPerSecond, said: preset.warnings.join(" "), preset };
}

const plain = balancedOf(madeResult({ purpose: Purpose.CONFIRM, decode: FILLED }));

describe("a machine that slows down under load", () => {
  it("has the figures of the end of a sustained run of a minute or more, and its preset says so", () => {
    const { decode, said, preset } = balancedOf(withRun({}, { durationMs: 90_000 }));
    expect(decode).toMatchObject({ median: 78, n: 3 });
    expect(said).toMatch(/lost 21 % of its decode rate in 1 min 30 s of load; .* short work is faster/);
    expect(preset.stability).toEqual(plain.preset.stability);
  });

  it("keeps the figures of a shorter run, and its preset says that longer work is slower", () => {
    const { decode, said } = balancedOf(withRun({}, { durationMs: 5_000 }));
    expect(decode).toEqual(plain.decode);
    expect(said).toMatch(/lost 21 % .* longer work is slower/);
  });

  it("keeps them as well where others used it at the end of the run", () => {
    const { decode, said } = balancedOf(withRun({}, { durationMs: 90_000, endFails: "uncontended" }));
    expect(decode).toEqual(plain.decode);
    expect(said).toMatch(/longer work is slower/);
  });

  it("is not said to be used by others because its hardware slowed down", () => {
    const { decode, said } = balancedOf(withRun({}, { durationMs: 90_000, endFails: "unthrottled" }));
    expect(decode).toMatchObject({ median: 78, n: 3 });
    expect(said).toMatch(/The hardware slowed down/);
    expect(said).not.toMatch(/Other programs/);
  });

  it("does not take the word of another that was shown to keep its speed, only of one that was not asked", () => {
    const slow = withRun({}, { durationMs: 90_000 });
    const steady = withRun({ trialId: "t-2", machineId: "m-2" }, { durationMs: 90_000, throttled: false });
    const unasked = madeResult({
      ...{ trialId: "t-3", machineId: "m-3", purpose: Purpose.CONFIRM, decode: FILLED },
    });
    expect(balancedOf(slow, steady).decode).toMatchObject({ n: 3 + FILLED.length });
    expect(balancedOf(slow, unasked).decode).toMatchObject({ n: 3 });
    expect(balancedOf(steady).said).not.toMatch(/lost/);
  });
});
