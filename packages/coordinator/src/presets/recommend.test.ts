import { create } from "@bufbuild/protobuf";
import { type Gain, GainSchema } from "@ozone/proto/preset";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeDefault, point } from "../testing/made-results.ts";
import { type Grounds, recommend } from "./recommend.ts";

const gain = (ratio: number, ciLow?: number): Gain =>
  create(GainSchema, {
    metric: "decode_tokens_per_second",
    ratio,
    ...(ciLow === undefined ? {} : { ciLow, ciHigh: 2 * ratio - ciLow }),
  });

const grounds = (change: Partial<Grounds> = {}): Grounds => ({
  successes: 6,
  runs: 6,
  confirmed: true,
  gains: [gain(1.2, 1.1)],
  configuration: point({}),
  base: madeDefault(),
  ...change,
});

describe("whether to use a configuration", () => {
  it("is production from 59 clean confirmed runs on, and not one run earlier", () => {
    expect(recommend(grounds({ successes: 59, runs: 59 })).word).toBe("production");
    expect(recommend(grounds({ successes: 58, runs: 58 })).word).toBe("excluded");
    expect(recommend(grounds({ successes: 59, runs: 59, confirmed: false })).word).toBe("excluded");
  });

  it("is extreme where more than twice as much is gained, by the whole interval or by the context", () => {
    expect(recommend(grounds({ gains: [gain(2.4, 2.1)] }))).toMatchObject({
      word: "extreme",
      reason: expect.stringMatching(/6\/6, at least 61 % .* 53 more runs .* decode rate is 2\.4 times/),
    });
    expect(recommend(grounds({ gains: [gain(2.4, 1.9)] })).word).toBe("excluded");
    expect(recommend(grounds({ gains: [gain(2.4)] })).word).toBe("excluded");
    expect(recommend(grounds({ configuration: point({ numCtx: 16_384 }) })).reason).toMatch(
      /the context is 4\.0 times the default's/,
    );
  });

  it("says that a gain is not known where the default was not measured", () => {
    const { base: _, ...alone } = grounds({ gains: [] });
    expect(recommend(alone)).toMatchObject({
      word: "excluded",
      reason: expect.stringMatching(/not known\.$/),
    });
  });

  it("never prefers what fails more often: the ancestor's rule did", () => {
    const rank = ["excluded", "extreme", "production"];
    const runs = fc.integer({ min: 1, max: 400 });
    fc.assert(
      fc.property(
        runs,
        fc.nat(),
        fc.nat(),
        fc.double({ min: 0.5, max: 4, noNaN: true }),
        (n, a, b, ratio) => {
          const [fewer, more] = [a % (n + 1), b % (n + 1)].toSorted((x, y) => x - y);
          const of = (successes = 0) =>
            rank.indexOf(recommend(grounds({ successes, runs: n, gains: [gain(ratio, 0.9 * ratio)] })).word);
          expect(of(more)).toBeGreaterThanOrEqual(of(fewer));
        },
      ),
    );
  });
});
