import { create } from "@bufbuild/protobuf";
import { FigureSchema, GainSchema } from "@ozone/proto/preset";
import { describe, expect, it } from "vitest";
import { formatFigure, formatGain, formatMs, formatNumber, formatStability, statusWords } from "./figures.ts";

const figure = (values: { median: number; n: number; ciLow?: number; ciHigh?: number }) =>
  create(FigureSchema, values);

describe("formatFigure()", () => {
  it("never shows a number without its n, and shows the interval in the unit of the median", () => {
    expect(formatFigure(figure({ median: 123.44, ciLow: 120.06, ciHigh: 126.01, n: 6 }), "t/s")).toBe(
      "123.4 t/s [120.1, 126.0], n 6",
    );
    expect(formatFigure(figure({ median: 2450, ciLow: 987, ciHigh: 2600, n: 6 }), "ms")).toBe(
      "2.45 s [0.99, 2.60], n 6",
    );
    expect(formatFigure(figure({ median: 850, ciLow: 840, ciHigh: 1010, n: 3 }), "ms")).toBe(
      "850 ms [840, 1010], n 3",
    );
  });

  it("says that there is no interval, or no measurement", () => {
    expect(formatFigure(figure({ median: 44, n: 1 }), "t/s")).toBe("44.0 t/s (no interval), n 1");
    expect(formatFigure(undefined, "t/s")).toBe("not measured");
    expect(formatFigure(figure({ median: 0, n: 0 }), "t/s")).toBe("not measured");
  });
});

describe("the small formats", () => {
  it("write numbers with the digits they deserve and never NaN", () => {
    expect([1234567, 123.45, 12.345, 1.2345, Number.NaN].map(formatNumber)).toEqual([
      "1 234 567",
      "123.5",
      "12.3",
      "1.23",
      "unknown",
    ]);
    expect([3.21, 999.4, 999.6, 9994, 12_345, Number.POSITIVE_INFINITY].map(formatMs)).toEqual([
      "3.2 ms",
      "999 ms",
      "1.00 s",
      "9.99 s",
      "12.3 s",
      "unknown",
    ]);
  });

  it("state a gain with its interval and verdict, and stability only in words", () => {
    const gain = create(GainSchema, {
      metric: "decode_tokens_per_second",
      ratio: 1.184,
      ciLow: 1.1,
      ciHigh: 1.26,
      verdict: "better",
    });
    expect(formatGain(gain)).toBe("decode rate: 1.18 times the default's [1.10, 1.26], better");
    expect(formatGain(create(GainSchema, { metric: "x_y", ratio: 1 }))).toBe(
      "x y: 1.00 times the default's (no interval), undecided",
    );
    expect(formatStability(undefined)).toContain("not known");
    expect(statusWords({ status: "", staleBecause: [] })).toBe("preliminary");
    expect(statusWords({ status: "production", staleBecause: ["x."] })).toBe("production, stale");
  });
});
