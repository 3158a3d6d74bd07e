import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeObjective, OBJECTIVES, type Objective, type ObjectiveFigures } from "../objective.ts";
import { goalPartsOf } from "./goal-parts.ts";
import type { ObjectiveData } from "./objective-data.ts";

const own = (data: ObjectiveData): Objective =>
  makeObjective({ purpose: "own", words: "", useCase: "", data });

const OWN = [
  own({ maximise: "prefill_tps - 3 * ttft_ms" }),
  own({ minimise: "ttft_ms / 1000", where: "num_ctx >= 8192" }),
  own({ maximise: "num_ctx", tieBreak: { minimise: "num_batch", tieBreak: { maximise: "decode_tps" } } }),
];

const figures = fc.record({
  numCtx: fc.constantFrom(2048, 8192, 65_536),
  decodeTokensPerSecond: fc.double({ min: 0.1, max: 5000, noNaN: true }),
  ttftMs: fc.double({ min: 1, max: 1e6, noNaN: true }),
  others: fc.record({
    prefill_tps: fc.double({ min: 1, max: 1e5, noNaN: true }),
    num_batch: fc.constantFrom(64, 512),
  }),
});

describe("an objective taken apart", () => {
  it.each([...OBJECTIVES, ...OWN])("orders what was measured as the objective does: $data", (objective) => {
    const { firstOf, log } = goalPartsOf(objective);
    fc.assert(
      fc.property(figures, figures, (a: ObjectiveFigures, b: ObjectiveFigures) => {
        const whole = objective.score(a) - objective.score(b);
        const first = firstOf ? firstOf(a) - firstOf(b) : 0;
        const parts = first === 0 ? log(a) - log(b) : first;
        // So close that rounding may decide is no order.
        if (Math.abs(whole) > 1e-9 * Math.abs(objective.score(a)))
          expect(Math.sign(parts)).toBe(Math.sign(whole));
      }),
      { numRuns: 300 },
    );
  });

  it("scores one per cent as 0.01 in whatever unit the objective is", () => {
    const at = (ttftMs: number): ObjectiveFigures => ({ numCtx: 8192, decodeTokensPerSecond: 10, ttftMs });
    for (const aim of ["ttft_ms", "ttft_ms / 1000", "ttft_ms * 1000000"]) {
      const { log } = goalPartsOf(own({ minimise: aim }));
      expect(log(at(100)) - log(at(101))).toBeCloseTo(Math.log(1.01), 6);
    }
  });

  it("knows which names are more than the three figures", () => {
    expect(OWN.map((one) => goalPartsOf(one).namesOthers)).toEqual([true, false, true]);
    expect(OBJECTIVES.map((one) => goalPartsOf(one).namesOthers)).toEqual([false, false, true]);
  });
});
