// Parameters as /api/show prints them.
import { describe, expect, it } from "vitest";
import { numberParametersOf } from "./model-parameters.ts";

describe("the parameters of a model", () => {
  it("are the numbers among the lines of /api/show", () => {
    const shown = {
      parameters: 'num_ctx                        4096\nstop    "a 1"\nnum_gpu -1\ntemperature 0.5',
    };
    expect(Object.fromEntries(numberParametersOf(shown))).toEqual({
      num_ctx: 4096,
      num_gpu: -1,
      temperature: 0.5,
    });
  });

  it.each([null, "text", {}, { parameters: 3 }])("are none where %j is shown", (shown) => {
    expect(numberParametersOf(shown).size).toBe(0);
  });
});
