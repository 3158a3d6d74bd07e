// Paces and recordings give the seconds that they say.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flatPace, paceSource, physicalPace, secondsPerTokenAt } from "./pace.ts";
import { parsePaceRecording } from "./pace-recording.ts";

describe("a curve", () => {
  it("goes through its points and on in a straight line", () => {
    const curve = [
      { depth: 0, secondsPerToken: 1 },
      { depth: 10, secondsPerToken: 2 },
      { depth: 20, secondsPerToken: 5 },
    ];
    expect([0, 5, 10, 15, 20, 30].map((depth) => secondsPerTokenAt(curve, depth))).toEqual([
      1, 1.5, 2, 3.5, 5, 8,
    ]);
  });

  it("of the default pace prefills 2048 tokens in 100 to 200 ms, however they are cut into batches", () => {
    const pace = paceSource(physicalPace())(2048);
    const whole = pace.prefillSeconds(0, 2048);
    expect(whole).toBeGreaterThan(0.1);
    expect(whole).toBeLessThan(0.2);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2047 }), (cut) => {
        expect(pace.prefillSeconds(0, cut) + pace.prefillSeconds(cut, 2048)).toBeCloseTo(whole, 9);
      }),
    );
  });

  it("of a flat pace is the same at every depth", () => {
    const pace = paceSource(flatPace({ prefillTokensPerSecond: 1000, decodeTokensPerSecond: 50 }))(1);
    expect(pace.prefillSeconds(5000, 6000)).toBeCloseTo(1, 9);
    expect([pace.gapSeconds(1, 0), pace.gapSeconds(9, 30_000)]).toEqual([0.02, 0.02]);
  });
});

describe("a recording", () => {
  const sample = (promptTokens: number, gapMs: number) => ({
    promptTokens,
    prefillMs: 100,
    gapsMs: [gapMs, gapMs + 1],
  });
  const recording = parsePaceRecording({
    source: "test",
    condition: "loaded",
    samples: [sample(100, 1), sample(1000, 5), sample(1000, 7)],
  });

  it("takes turns among the samples of the nearest depth and starts again at their ends", () => {
    const next = paceSource({ kind: "recording", recording });
    const gaps = [900, 90, 900, 900].map((tokens) => {
      const pace = next(tokens);
      return [1, 2, 3].map((index) => Math.round(pace.gapSeconds(index, 0) * 1000));
    });
    expect(gaps).toEqual([
      [5, 6, 5],
      [1, 2, 1],
      [7, 8, 7],
      [5, 6, 5],
    ]);
    expect(next(900).prefillSeconds(0, 500)).toBeCloseTo(0.05, 9);
  });

  it.each([
    [null, "must be a JSON object"],
    [{}, "needs a text `source`"],
    [{ source: "x", condition: "busy" }, "must be idle or loaded"],
    [{ source: "x", condition: "idle", samples: [] }, "at least one sample"],
    [{ source: "x", condition: "idle", samples: [{ promptTokens: 0 }] }, "positive promptTokens"],
    [{ source: "x", condition: "idle", samples: [{ promptTokens: 1, prefillMs: -1 }] }, "positive prefillMs"],
    [
      { source: "x", condition: "idle", samples: [{ promptTokens: 1, prefillMs: 1, gapsMs: [1, -1] }] },
      "gaps of 0 ms or more",
    ],
  ])("that is %j is refused with a sentence", (json, sentence) => {
    expect(() => parsePaceRecording(json)).toThrow(sentence);
  });
});
