// Any results of one preset key, for properties of what is made from them.
import { Purpose } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import fc from "fast-check";
import { madeResult, point } from "./made-results.ts";

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
  shorterPredicts: fc.constantFrom([], [16, 32]),
});

/** As they would arrive from several sweeps and machines, each attempt once. */
export const anyResults = fc
  .array(madeOnce, { minLength: 2, maxLength: 14 })
  .map((all): TrialResult[] =>
    all.map(({ failureClass, ...made }, index) =>
      madeResult({ ...made, trialId: `t-${index}`, ...(failureClass ? { failureClass } : {}) }),
    ),
  );
