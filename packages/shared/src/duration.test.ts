import { describe, expect, it } from "vitest";
import { parseDuration } from "./duration.ts";

describe("parseDuration()", () => {
  it("reads one unit, fractions and several units from large to small", () => {
    expect(parseDuration("240s")).toBe(240_000);
    expect(parseDuration(" 10m ")).toBe(600_000);
    expect(parseDuration("1.5h")).toBe(5_400_000);
    expect(parseDuration("1h30m")).toBe(5_400_000);
    expect(parseDuration("250ms")).toBe(250);
    expect(parseDuration("2d")).toBe(172_800_000);
  });

  it("refuses numbers without a unit, repeated or rising units, signs and rubbish", () => {
    for (const text of [
      "240",
      "",
      "s",
      "10m10m",
      "30m1h",
      "-5s",
      "5 s or so",
      "1e3s",
      "ten minutes",
      "5sm",
    ]) {
      expect(parseDuration(text), text).toBeNull();
    }
  });
});
