// What retention leaves of a result is all that anybody decides by.
import { toBinary } from "@bufbuild/protobuf";
import { PresetSchema } from "@ozone/proto/preset";
import { type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { figures } from "@ozone/shared/figures";
import { usableSamples } from "@ozone/shared/usable-samples";
import fc from "fast-check";
import { expect, it } from "vitest";
import { choosePresets } from "../presets/choose-preset.ts";
import { anyResults } from "../testing/any-results.ts";
import { madeDefault, madeResult } from "../testing/made-results.ts";
import { withoutRaw } from "./without-raw.ts";

const bytes = (of: readonly TrialResult[]) =>
  choosePresets(of, [madeDefault()]).map((preset) =>
    Buffer.from(toBinary(PresetSchema, preset)).toString("hex"),
  );

const figuresOf = (of: readonly TrialResult[]) =>
  figures(
    of.flatMap(usableSamples),
    of.flatMap(({ loadMs }) => loadMs),
  );

it("any results give the same presets and figures, byte for byte, whichever of them lost their raw details", () => {
  const someWithout = anyResults.chain((all) =>
    fc.tuple(fc.constant(all), fc.array(fc.boolean(), { minLength: all.length, maxLength: all.length })),
  );
  fc.assert(
    fc.property(someWithout, ([all, isOld]) => {
      const kept = all.map((result, index) => (isOld[index] ? withoutRaw(result) : result));
      expect(bytes(kept)).toEqual(bytes(all));
      expect(figuresOf(kept)).toEqual(figuresOf(all));
    }),
    { numRuns: 200 },
  );
});

it("a result without them is smaller, says so, and still says why a sample does not count", () => {
  const whole = madeResult({ decode: Array.from({ length: 20 }, () => 100), rejected: true });
  const kept = withoutRaw(whole);
  expect(kept.rawDropped).toBe(true);
  expect(toBinary(TrialResultSchema, kept).length).toBeLessThan(toBinary(TrialResultSchema, whole).length);
  expect(kept.samples[0]?.checks).toMatchObject([
    { code: "output_complete", passed: false, detail: "64 of 64 tokens" },
    { code: "uncontended", passed: true, detail: "" },
  ]);
  expect(whole.rawDropped).toBe(false);
});
