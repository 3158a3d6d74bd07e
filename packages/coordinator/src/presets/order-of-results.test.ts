// I5: presets are a function of the set of results, not of the order in which they arrived.
import { toBinary } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { PresetSchema } from "@ozone/proto/preset";
import type { TrialResult } from "@ozone/proto/trial";
import fc from "fast-check";
import { expect, it } from "vitest";
import { madeDefault, madeResult, point } from "../testing/made-results.ts";
import { choosePresets } from "./choose-preset.ts";

/** Few configurations, machines and rates: what decides by a hair is what an order could change. */
const madeOnce = fc.record({
  machineId: fc.constantFrom("m-1", "m-2", "m-3"),
  attempt: fc.integer({ min: 1, max: 3 }),
  purpose: fc.constantFrom(Purpose.SCREEN, Purpose.CONFIRM),
  configuration: fc
    .record({ numCtx: fc.constantFrom(4096, 8192, 131_072), numBatch: fc.constantFrom(128, 512) })
    .map(point),
  decode: fc.array(fc.constantFrom(50, 50.5, 99, 100), { minLength: 1, maxLength: 6 }),
  ttftMs: fc.constantFrom(2_000, 3_000),
  failureClass: fc.option(fc.constantFrom("out_of_memory_load", "engine_crashed", "request_timeout"), {
    nil: undefined,
  }),
  contended: fc.boolean(),
});

/** As they would arrive from several sweeps and machines, each attempt once. */
const results = fc
  .array(madeOnce, { minLength: 2, maxLength: 14 })
  .map((all): TrialResult[] =>
    all.map(({ failureClass, ...made }, index) =>
      madeResult({ ...made, trialId: `t-${index}`, ...(failureClass ? { failureClass } : {}) }),
    ),
  );

const bytes = (of: readonly TrialResult[]) =>
  choosePresets(of, [madeDefault()]).map((preset) =>
    Buffer.from(toBinary(PresetSchema, preset)).toString("hex"),
  );

const inTwoOrders = results.chain((all) =>
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
