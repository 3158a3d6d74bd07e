import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SampleFacts } from "./certificate/facts.ts";
import { evidence, honestDone, honestStream, sampleOf } from "./certificate/sample-material.ts";
import { roundsOf } from "./rounds.ts";
import { sustainedTrend, throttledWarning } from "./sustained-trend.ts";

/** A request of a round whose texts came at these times. */
const request = (times: readonly number[], tokens: number, round = 0): SampleFacts =>
  sampleOf(
    evidence({
      round,
      atOnce: 2,
      intendedAtMs: 0,
      stream: { ...honestStream(), textTimesMs: times, done: honestDone(tokens) },
    }),
  );
const every = (stepMs: number, count: number, fromMs = 0): number[] =>
  Array.from({ length: count }, (_, at) => fromMs + at * stepMs);

describe("a round", () => {
  it("of two requests side by side has both their tokens in one time", () => {
    const [round] = roundsOf([request(every(10, 11), 11), request(every(10, 11), 11)]);
    expect(round).toMatchObject({ requests: 2, decodeTokensPerSecond: 200, wallMs: 100 });
  });

  it("of two requests one after the other has less than one of them alone", () => {
    const [round] = roundsOf([request(every(10, 11, 50), 11), request(every(10, 11, 200), 11)]);
    expect(round).toMatchObject({ decodeTokensPerSecond: 80, wallMs: 300 });
  });

  it("does not count what came with a request's first text", () => {
    const [merged] = roundsOf([request(every(40, 3), 12), request(every(40, 3), 12)]);
    expect(merged?.decodeTokensPerSecond).toBe(200);
  });

  it("has no rate when a request had no text, and there is none of a single request", () => {
    expect(roundsOf([request(every(10, 5), 5), request([], 0)])[0]?.decodeTokensPerSecond).toBeUndefined();
    expect(roundsOf([sampleOf(evidence())])).toEqual([]);
  });

  it("never claims more tokens than texts came after the first ones, however they interleave", () => {
    const times = fc
      .array(fc.integer({ min: 0, max: 5000 }), { minLength: 2, maxLength: 40 })
      .map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(fc.array(times, { minLength: 2, maxLength: 4 }), (all) => {
        const rounds = roundsOf(all.map((one) => request(one, one.length)));
        const spanMs = Math.max(...all.flat()) - Math.min(...all.flat());
        const came = all.reduce((sum, one) => sum + one.length - 1, 0);
        const rate = rounds[0]?.decodeTokensPerSecond ?? 0;
        expect((rate * spanMs) / 1000).toBeLessThanOrEqual(came + 1e-6);
      }),
    );
  });
});

describe("a sustained run", () => {
  it("keeps first and last third apart and says that it fell", () => {
    const trend = sustainedTrend({
      durationMs: 60_000,
      samples: 9,
      rates: [99, 98, 97, 92, 90, 88, 80, 79, 78],
    });
    expect(trend).toMatchObject({ burstTokensPerSecond: 98, sustainedTokensPerSecond: 79, throttled: true });
    expect(throttledWarning(trend)?.message).toMatch(
      /98\.0 tokens\/s in its first third, 79\.0 in its last \(81 %/,
    );
  });

  it("that is steady, or too short for thirds, accuses nobody", () => {
    const steady = sustainedTrend({ durationMs: 3000, samples: 6, rates: [100, 101, 99, 100, 101, 100] });
    expect(steady.throttled).toBe(false);
    expect(throttledWarning(steady)).toBeNull();
    const short = sustainedTrend({ durationMs: 3000, samples: 2, rates: [100, 50] });
    expect(short).toMatchObject({ samples: 2, throttled: false });
    expect(short.ratio).toBeUndefined();
  });
});
