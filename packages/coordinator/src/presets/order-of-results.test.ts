// I5: presets are a function of the set of results, not of the order in which they arrived.
import { toBinary } from "@bufbuild/protobuf";
import { PresetSchema } from "@ozone/proto/preset";
import type { TrialResult } from "@ozone/proto/trial";
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyResults } from "../testing/any-results.ts";
import { madeDefault } from "../testing/made-results.ts";
import { choosePresets } from "./choose-preset.ts";

const bytes = (of: readonly TrialResult[]) =>
  choosePresets(of, [madeDefault()]).map((preset) =>
    Buffer.from(toBinary(PresetSchema, preset)).toString("hex"),
  );

const inTwoOrders = anyResults.chain((all) =>
  fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
);

it("any results give the same presets, byte for byte, in any order", () => {
  fc.assert(
    fc.property(inTwoOrders, ([all, shuffled]) => {
      expect(bytes(shuffled)).toEqual(bytes(all));
    }),
    { numRuns: 300 },
  );
});
