import { create, toBinary } from "@bufbuild/protobuf";
import { CheckSchema, SampleKind, type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeResult } from "../testing/made-results.ts";
import { parseResult, UnusableResult } from "./validate-result.ts";

const bytesOf = (result: TrialResult) => toBinary(TrialResultSchema, result);

describe("checking a payload before it is counted", () => {
  it("reads an agent's result as it was written", () => {
    const result = madeResult();
    expect(parseResult(bytesOf(result), "m-1")).toEqual(result);
  });

  it("refuses a result that names another machine than the one that sent it", () => {
    expect(() => parseResult(bytesOf(madeResult()), "m-2")).toThrow(/not the one that sent it/);
  });

  it("refuses a sample that says it is valid although a check failed", () => {
    const result = madeResult({ rejected: true });
    for (const sample of result.samples) sample.valid = true;
    expect(() => parseResult(bytesOf(result), "m-1")).toThrow(/its checks say otherwise/);
  });

  it("refuses a sample without a certificate", () => {
    const result = madeResult();
    for (const sample of result.samples) sample.checks = [];
    expect(() => parseResult(bytesOf(result), "m-1")).toThrow(/no certificate/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -3])("refuses a rate of %d", (rate) => {
    const result = madeResult();
    for (const sample of result.samples) sample.decodeTokensPerSecond = rate;
    expect(() => parseResult(bytesOf(result), "m-1")).toThrow(/not a positive number/);
  });

  it("refuses speeds that no machine has, whatever the certificate beside them says", () => {
    const faster = madeResult({ decode: [60_000] });
    expect(() => parseResult(bytesOf(faster), "m-1")).toThrow(/sample 0 is faster than any machine/);
    const prefill = madeResult();
    for (const sample of prefill.samples) sample.prefillTokensPerSecond = 1e9;
    expect(() => parseResult(bytesOf(prefill), "m-1")).toThrow(/faster than any machine/);
  });

  it("refuses a result without its raw details: only the coordinator drops those", () => {
    const result = madeResult();
    result.rawDropped = true;
    expect(() => parseResult(bytesOf(result), "m-1")).toThrow(/its raw details were dropped/);
  });

  it("refuses texts that Postgres could not hold", () => {
    const result = madeResult();
    result.modelName = "a\0b";
    expect(() => parseResult(bytesOf(result), "m-1")).toThrow(UnusableResult);
  });

  it("refuses more samples than an attempt can have", () => {
    expect(() => parseResult(bytesOf(madeResult({ decode: Array(401).fill(10) })), "m-1")).toThrow(
      /401 samples/,
    );
  });

  it("takes a warm sample whose prompt was computed again for valid, and no other", () => {
    const computedAgain = (kind: SampleKind): TrialResult => {
      const result = madeResult();
      for (const sample of result.samples) {
        Object.assign(sample, { kind });
        sample.checks.push(create(CheckSchema, { code: "no_prefix_cache", passed: false, detail: "again" }));
      }
      return result;
    };
    expect(() => parseResult(bytesOf(computedAgain(SampleKind.WARM_PREFIX)), "m-1")).not.toThrow();
    expect(() => parseResult(bytesOf(computedAgain(SampleKind.DEPTH)), "m-1")).toThrow(
      /checks say otherwise/,
    );
  });

  it("believes an agent a release ahead what a check that is not known here means, and nothing else", () => {
    const ahead = (valid: boolean, also?: string): Uint8Array => {
      const result = madeResult();
      for (const sample of result.samples) {
        sample.valid = valid;
        for (const code of ["check_of_tomorrow", ...(also ? [also] : [])])
          sample.checks.push(create(CheckSchema, { code, passed: false, detail: "seen" }));
      }
      return bytesOf(result);
    };
    for (const valid of [true, false]) expect(() => parseResult(ahead(valid), "m-1")).not.toThrow();
    expect(() => parseResult(ahead(true, "no_truncation"), "m-1")).toThrow(/checks say otherwise/);
    const bare = madeResult();
    for (const sample of bare.samples)
      sample.checks = [create(CheckSchema, { code: "check_of_tomorrow", passed: true })];
    expect(() => parseResult(bytesOf(bare), "m-1")).toThrow(/no certificate/);
  });

  it("refuses a shorter answer that shares the fill of no sample before it, or that nobody asked for", () => {
    const sharing = (change: object): Uint8Array => {
      const result = madeResult({ shorterPredicts: [32] });
      for (const sample of result.samples) {
        if (sample.kind === SampleKind.SHORTER) Object.assign(sample, change);
      }
      return bytesOf(result);
    };
    expect(() => parseResult(sharing({}), "m-1")).not.toThrow();
    for (const change of [{ fillIndex: undefined }, { fillIndex: 1 }, { launch: 1 }, { promptTokens: 7 }]) {
      expect(() => parseResult(sharing(change), "m-1")).toThrow(/sample 1 shares the fill of no sample/);
    }
    expect(() => parseResult(sharing({ numPredict: 16 }), "m-1")).toThrow(/trial was not asked for/);
  });

  it.each([
    [
      "a round's rate that is no number",
      { rounds: [{ round: 0, requests: 2, decodeTokensPerSecond: Number.NaN }] },
    ],
    ["more rounds than samples", { rounds: [{ round: 0 }, { round: 1 }] }],
    ["a sustained rate below zero", { sustained: { sustainedTokensPerSecond: -1 } }],
    ["an infinite half-width", { precision: { decode: Number.POSITIVE_INFINITY } }],
  ])("refuses %s", (_what, change) => {
    const { rounds, sustained, precision } = create(TrialResultSchema, change as object);
    const result = Object.assign(madeResult(), { rounds, sustained, precision });
    expect(() => parseResult(bytesOf(result), "m-1")).toThrow(UnusableResult);
  });

  it("never throws anything but UnusableResult, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (payload) => {
        try {
          parseResult(payload, "m-1");
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(UnusableResult);
        }
      }),
    );
  });
});
