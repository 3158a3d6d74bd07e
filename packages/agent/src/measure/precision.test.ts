import { create } from "@bufbuild/protobuf";
import { PrecisionSchema, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  impreciseWarning,
  precisionReached,
  type StoppingRule,
  shouldGoOn,
  stoppingRule,
} from "./precision.ts";

const order = (purpose: Purpose, protocol: object) => ({
  purpose,
  protocol: create(ProtocolSchema, { launches: 2, repetitions: 3, ...protocol }),
});
const asked = { precision: create(PrecisionSchema) };
const same = (values: readonly number[]) => ({ decode: values, prefill: values, ttft: values });
const rule: StoppingRule = { targets: { decode: 0.02, prefill: 0.03, ttft: 0.05 }, minimum: 6, cap: 15 };
const steady = [100, 100.5, 99.8, 100.2, 100.1, 99.9];

describe("the rule of stopping", () => {
  it("is there for confirmations that ask for precision, and nowhere else", () => {
    expect(stoppingRule(order(Purpose.CONFIRM, {}))).toBeNull();
    expect(stoppingRule(order(Purpose.SCREEN, asked))).toBeNull();
    expect(stoppingRule(order(Purpose.CONFIRM, asked))).toEqual(rule);
  });

  it("takes what is asked for, and never fewer samples than the repetitions", () => {
    const own = { precision: create(PrecisionSchema, { decode: 0.01 }), samplesMax: 4 };
    expect(stoppingRule(order(Purpose.CONFIRM, own))).toEqual({
      targets: { decode: 0.01, prefill: 0, ttft: 0 },
      minimum: 6,
      cap: 6,
    });
  });
});

describe("going on", () => {
  it("ends when every interval that was asked for is narrow enough, from six samples on", () => {
    expect(shouldGoOn(same(steady), rule, true)).toBe(false);
    expect(shouldGoOn(same(steady.slice(1)), rule, true)).toBe(true);
    expect(shouldGoOn({ ...same(steady), ttft: [1, 2, 3, 4, 5, 6] }, rule, true)).toBe(true);
    const decodeOnly = { ...rule, targets: { decode: 0.02, prefill: 0, ttft: 0 } };
    expect(shouldGoOn({ ...same(steady), ttft: [1, 2, 3, 4, 5, 6] }, decodeOnly, true)).toBe(false);
  });

  it("ends without precision when there is no next sample", () => {
    expect(shouldGoOn(same([1, 2, 3]), rule, false)).toBe(false);
    expect(shouldGoOn(same([]), rule, false)).toBe(false);
  });

  it("agrees with what is reported: precise exactly when it would stop by itself", () => {
    const values = fc.array(fc.double({ min: 50, max: 60, noNaN: true }), { minLength: 0, maxLength: 15 });
    fc.assert(
      fc.property(values, values, (decode, ttft) => {
        const seen = { decode, prefill: decode, ttft };
        expect(precisionReached(seen, rule).precise).toBe(!shouldGoOn(seen, rule, true));
      }),
    );
  });
});

describe("the precision of a result", () => {
  it("is a share of the median, absent below two samples, and precise only when it was asked for", () => {
    expect(precisionReached(same([100]), null)).toMatchObject({ precise: false });
    expect(precisionReached(same([100]), null).decode).toBeUndefined();
    const reached = precisionReached(same(steady), rule);
    expect(reached.precise).toBe(true);
    expect(reached.decode).toBeGreaterThan(0.001);
    expect(reached.decode).toBeLessThan(0.005);
    expect(impreciseWarning(same(steady), reached, rule)).toBeNull();
  });

  it("that was missed is said with the half-width and the number of samples", () => {
    const values = { ...same(steady), decode: [80, 100, 120, 90, 110, 100] };
    const warning = impreciseWarning(values, precisionReached(values, rule), rule);
    expect(warning?.message).toMatch(
      /^Imprecise: decode rate is known to \+-1\d\.\d % \(n = 6\), 2\.0 % was asked for\.$/,
    );
    const few = same(steady.slice(0, 3));
    expect(impreciseWarning(few, precisionReached(few, rule), rule)?.message).toContain("fewer than the 6");
  });
});
