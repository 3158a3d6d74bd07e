import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Purpose } from "@ozone/proto/configuration";
import { SampleSchema, type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attemptKey, driftAround, mayCount } from "./drift-around.ts";

const MINUTE_MS = 60_000;

function result(
  trialId: string,
  minute: number,
  made: { purpose?: Purpose; rates?: readonly number[]; machineId?: string; allowContended?: boolean } = {},
): TrialResult {
  return create(TrialResultSchema, {
    trialId,
    attempt: 1,
    sweepId: "s-1",
    machineId: made.machineId ?? "m-1",
    modelDigest: "abc",
    purpose: made.purpose ?? Purpose.SCREEN,
    protocol: { allowContended: made.allowContended ?? false },
    startedAt: timestampFromMs(minute * MINUTE_MS),
    samples: (made.rates ?? [50]).map((rate) =>
      create(SampleSchema, { valid: true, decodeTokensPerSecond: rate }),
    ),
  });
}

const reference = (trialId: string, minute: number, rate: number, machineId = "m-1"): TrialResult =>
  result(trialId, minute, {
    purpose: Purpose.REFERENCE,
    machineId,
    rates: [0.99, 1, 1.01, 1, 1].map((factor) => rate * factor),
  });

describe("drift around a result", () => {
  it("is none where the references before and after agree within 8 %", () => {
    const judged = driftAround([reference("r-1", 0, 100), result("t-1", 1), reference("r-2", 2, 95)]);
    expect(judged.get("t-1/1")).toEqual({ verdict: "steady", change: expect.closeTo(-0.05, 6) });
  });

  it("is there where they are further apart, and only between those two", () => {
    const results = [
      reference("r-1", 0, 100),
      result("t-1", 1),
      reference("r-2", 2, 99),
      result("t-2", 3),
      reference("r-3", 4, 80),
    ];
    const judged = driftAround(results);
    expect(judged.get("t-1/1")?.verdict).toBe("steady");
    expect(judged.get("t-2/1")).toEqual({ verdict: "drifted", change: expect.closeTo(80 / 99 - 1, 6) });
  });

  it("is unknown before the first reference and after the last", () => {
    const judged = driftAround([result("t-0", 0), reference("r-1", 1, 100), result("t-1", 2)]);
    expect(judged.get("t-0/1")).toEqual({ verdict: "unknown", change: null });
    expect(judged.get("t-1/1")).toEqual({ verdict: "unknown", change: null });
  });

  it("takes no reference of fewer than five usable samples for one", () => {
    const poor = result("r-2", 2, { purpose: Purpose.REFERENCE, rates: [50, 50] });
    const judged = driftAround([reference("r-1", 0, 100), result("t-1", 1), poor]);
    expect(judged.get("t-1/1")?.verdict).toBe("unknown");
  });

  it("allows three sigma on a machine whose reference itself is noisy", () => {
    const noisy = (trialId: string, minute: number, rate: number): TrialResult =>
      result(trialId, minute, {
        purpose: Purpose.REFERENCE,
        rates: [0.85, 0.93, 1, 1.07, 1.15].map((factor) => rate * factor),
      });
    const judged = driftAround([noisy("r-1", 0, 100), result("t-1", 1), noisy("r-2", 2, 85)]);
    expect(judged.get("t-1/1")?.verdict).toBe("steady");
  });

  it("of one machine is never judged by another's references", () => {
    const judged = driftAround([
      reference("r-1", 0, 100, "m-2"),
      result("t-1", 1),
      reference("r-2", 2, 50, "m-2"),
    ]);
    expect(judged.get("t-1/1")?.verdict).toBe("unknown");
  });

  it("does not depend on the order of arrival", () => {
    const results = [
      reference("r-1", 0, 100),
      result("t-1", 1),
      reference("r-2", 2, 70),
      result("t-2", 3),
      reference("r-3", 4, 71),
    ];
    const sorted = (judged: ReturnType<typeof driftAround>) => [...judged].sort();
    const expected = sorted(driftAround(results));
    fc.assert(
      fc.property(fc.shuffledSubarray(results, { minLength: results.length }), (shuffled) => {
        expect(sorted(driftAround(shuffled))).toEqual(expected);
      }),
    );
  });

  it("bars a result from figures unless the sweep allows such samples", () => {
    const strict = result("t-1", 1);
    const lenient = result("t-2", 1, { allowContended: true });
    const drift = driftAround([reference("r-1", 0, 100), strict, lenient, reference("r-2", 2, 50)]);
    expect(drift.get(attemptKey(strict))?.verdict).toBe("drifted");
    expect(mayCount(strict, drift)).toBe(false);
    expect(mayCount(lenient, drift)).toBe(true);
  });
});
