import { clone } from "@bufbuild/protobuf";
import { ForecastBasis, TargetForecastSchema } from "@ozone/proto/sweep_service";
import { describe, expect, it } from "vitest";
import { forecast, TARGET_FORECAST } from "../../test/sample-forecast.ts";
import { forecastText, roughDuration } from "./text-forecast.ts";

describe("a forecast", () => {
  it("says on one screen what, how long with its range and basis, whether it fits, and what stands in the way", () => {
    const text = forecastText(forecast());
    expect(text).toContain(`seed-144: strategy grid

lab-pc-17, qwen3:8b
  configurations  49 with the default, all measured, 3 samples each
  trials          59 to 65, drift references and confirmations included
  measuring time  about 58 min (36 min to 3 h 05 min), from 12 earlier results
  memory          23.5 GiB in all
  note            The machine runs on battery.
`);
    expect(text).toMatch(/ 4096 +8 +about 9\.0 s \(850 ms to 13 s\) +f16 5\.4 GiB, q8_0 5\.1 GiB +fits$/m);
    expect(text).toMatch(/ 131072 +8 +unknown +f16 27\.0 GiB, q8_0 15\.8 GiB +f16 too large, q8_0 fits$/m);
    expect(text).toContain("estimates, not measurements");
  });

  it("says unknown where nothing is known, and calls a guess a guess", () => {
    const target = clone(TargetForecastSchema, TARGET_FORECAST);
    target.basis = ForecastBasis.BANDWIDTH;
    expect(forecastText(forecast({ targets: [target] }))).toMatch(/a guess from memory\s+bandwidth/);
    target.basis = ForecastBasis.UNKNOWN;
    target.duration = undefined;
    target.memoryBytes = undefined;
    target.measuredMax = undefined;
    const text = forecastText(forecast({ targets: [target] }));
    expect(text).toMatch(/measuring time {2}unknown: this machine has not measured/);
    expect(text).toMatch(/memory {10}unknown/);
    expect(text).toContain("as many as the time box has room for");
  });

  it("sums up many targets and shows the first few", () => {
    const many = forecast({ targets: Array.from({ length: 7 }, () => TARGET_FORECAST), targetsTotal: 500 });
    const text = forecastText(many);
    expect(text.split("lab-pc-17")).toHaveLength(6);
    expect(text).toContain(
      "all 500 targets: unknown; hosts work side by side; 495 more targets are not shown",
    );
  });

  it.each([
    [45, "45 ms"],
    [9_400, "9.4 s"],
    [119_000, "119 s"],
    [125_000, "2 min"],
    [7_260_000, "2 h 01 min"],
    [200_000_000, "2 d 8 h"],
  ])("writes %d ms as %s", (ms, words) => {
    expect(roughDuration(ms)).toBe(words);
  });
});
