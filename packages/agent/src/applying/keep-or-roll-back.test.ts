// The decision between keeping and rolling back, by its properties.
import { create } from "@bufbuild/protobuf";
import { type Gain, GainSchema } from "@ozone/proto/preset";
import { compareRates, type RateComparison } from "@ozone/shared/statistics/compare";
import { assert, constantFrom, double, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { isContradicted, keepOrRollBack } from "./keep-or-roll-back.ts";

const METRICS = ["decode_tokens_per_second", "ttft_ms"] as const;

/** A gain by its benefit on the logarithm: up is better whatever the metric. */
function gain(
  metric: string,
  { value, below, above }: { value: number; below: number; above: number },
): Gain {
  const sign = metric === "ttft_ms" ? -1 : 1;
  const ends = [sign * (value - below), sign * (value + above)].map(Math.exp).sort((a, b) => a - b);
  const [ciLow = 0, ciHigh = 0] = ends;
  return create(GainSchema, { metric, ratio: Math.exp(sign * value), ciLow, ciHigh, verdict: "better" });
}

const benefits = record({
  value: double({ min: -1, max: 1, noNaN: true }),
  below: double({ min: 0.001, max: 1, noNaN: true }),
  above: double({ min: 0.001, max: 1, noNaN: true }),
});
const metrics = constantFrom(...METRICS);
const better = compareRates([10, 11, 12, 13], [1, 2, 3, 4]);
const undecided = compareRates([10, 11, 12, 13], [9, 11, 12, 14]);
const worse = compareRates([1, 2, 3, 4], [10, 11, 12, 13]);
const decide = (promised: Gain, measured: Gain, worth: RateComparison | null = better) =>
  keepOrRollBack([promised], { gains: [measured], worth }).decision;

describe("what was measured again, against what was promised", () => {
  it("is kept when it is the same", () => {
    assert(
      property(metrics, benefits, (metric, promise) => {
        expect(decide(gain(metric, promise), gain(metric, promise))).toBe("keep");
      }),
    );
  });

  it("is kept when it is better, by however much", () => {
    assert(
      property(metrics, benefits, benefits, (metric, promise, found) => {
        const value = promise.value + Math.abs(found.value);
        expect(decide(gain(metric, promise), gain(metric, { ...found, value }))).toBe("keep");
      }),
    );
  });

  it("never turns from kept to rolled back because it became better", () => {
    assert(
      property(
        metrics,
        benefits,
        benefits,
        double({ min: 0, max: 1, noNaN: true }),
        (metric, promise, found, more) => {
          const promised = gain(metric, promise);
          if (isContradicted(promised, gain(metric, found))) return;
          expect(isContradicted(promised, gain(metric, { ...found, value: found.value + more }))).toBe(false);
        },
      ),
    );
  });

  it("is never judged more harshly for a promise that says it is less sure", () => {
    assert(
      property(
        metrics,
        benefits,
        benefits,
        double({ min: 0, max: 1, noNaN: true }),
        (metric, promise, found, wider) => {
          if (isContradicted(gain(metric, promise), gain(metric, found))) return;
          const vaguer = gain(metric, { ...promise, below: promise.below + wider });
          expect(isContradicted(vaguer, gain(metric, found))).toBe(false);
        },
      ),
    );
  });

  it("is rolled back when the two intervals lie apart by more than a tie, the measured one below", () => {
    assert(
      property(metrics, benefits, benefits, (metric, promise, found) => {
        const value = promise.value - promise.below - found.above - 0.021;
        const { decision, because } = keepOrRollBack([gain(metric, promise)], {
          gains: [gain(metric, { ...found, value })],
          worth: better,
        });
        expect(decision).toBe("roll back");
        expect(because.join()).toMatch(/promised [\d.]+ times \[.*re-measured [\d.]+ times \[/);
      }),
    );
  });

  it("is held against the promise's point when that one has no interval, less what counts as a tie", () => {
    const promised = create(GainSchema, { metric: METRICS[0], ratio: 1.5, verdict: "undecided" });
    expect(decide(promised, gain(METRICS[0], { value: Math.log(1.48), below: 0.001, above: 0.001 }))).toBe(
      "keep",
    );
    expect(decide(promised, gain(METRICS[0], { value: Math.log(1.4), below: 0.01, above: 0.01 }))).toBe(
      "roll back",
    );
  });

  it("contradicts nothing without an interval, and keeps nothing that serves the purpose no better", () => {
    const bare = create(GainSchema, { metric: METRICS[0], ratio: 1, verdict: "undecided" });
    const promised = gain(METRICS[0], { value: 0.4, below: 0.01, above: 0.01 });
    expect(isContradicted(promised, bare)).toBe(false);
    expect([undecided, worse].map((worth) => decide(promised, bare, worth))).toEqual([
      "undecided",
      "roll back",
    ]);
  });

  it("is kept for room alone when the purpose is no speed", () => {
    expect(keepOrRollBack([], { gains: [], worth: null }).decision).toBe("keep");
  });
});
