// Predictions against machines whose true rates are known, because they are made by formula.
import { assert, double, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { type MeasuredRate, type PredictableModel, predictDecode } from "./decode-prediction.ts";

const GIB = 1024 ** 3;
const CPU = { memory: { mainBytes: 64 * GIB, vramBytes: 0 }, cacheSizeBytes: GIB / 32 };

const model = (
  name: string,
  weightBytes: number,
  more: Partial<PredictableModel> = {},
): PredictableModel => ({
  name,
  family: "qwen3",
  parameterSize: "8.2B",
  trainedContext: 32_768,
  kvBytesPerToken: 131_072,
  weightBytes,
  ...more,
});

const rate = (of: PredictableModel, median: number, more: Partial<MeasuredRate> = {}): MeasuredRate => ({
  model: of,
  numCtx: 8192,
  kvCacheType: "f16",
  setsPlacement: false,
  decode: { median, ciLow: 0.98 * median, ciHigh: 1.02 * median, n: 6 } as MeasuredRate["decode"],
  ...more,
});

const Q4 = model("a:q4", 4 * GIB);
const Q8 = model("a:q8", 9 * GIB);

describe("a predicted decode rate", () => {
  it("scales by the bytes of weights and cache, and its range is never narrower than 30 % and the interval", () => {
    // Five GiB are read for each token of the one, ten of the other.
    const predicted = predictDecode(Q8, [rate(Q4, 20)], CPU);
    expect(predicted).toMatchObject({ fromModel: "a:q4", fromSamples: 6, checkedOn: 0, numCtx: 8192 });
    if (typeof predicted === "string") throw new Error(predicted);
    expect(predicted.bytesRatio).toBeCloseTo(2, 10);
    expect(predicted.tokensPerSecond).toBeCloseTo(10, 10);
    expect(predicted.low).toBeCloseTo((10 * 0.98) / Math.SQRT2, 10);
    expect(predicted.high).toBeCloseTo(10 * 1.02 * Math.SQRT2, 10);
    const equal = predictDecode(model("b", 4 * GIB), [rate(Q4, 20)], CPU);
    expect(equal).toMatchObject({ tokensPerSecond: 20, low: (20 * 0.98) / 1.3 });
  });

  it("covers the truth where up to a quarter of a measured step does not depend on bytes, in either direction", () => {
    const share = double({ min: 0, max: 0.25, noNaN: true });
    const sixteenths = integer({ min: 8, max: 400 });
    assert(
      property(share, sixteenths, sixteenths, (fixed, one, two) => {
        const [from, to] = [model("from", (one * GIB) / 16), model("to", (two * GIB) / 16)];
        const predicted = predictDecode(to, [rate(from, 10)], CPU);
        if (typeof predicted === "string") return;
        const truth = 10 / (fixed + (1 - fixed) * predicted.bytesRatio);
        expect(truth).toBeGreaterThanOrEqual(predicted.low);
        expect(truth).toBeLessThanOrEqual(predicted.high);
      }),
    );
  });

  it("widens to how wrong the rule is between models that were measured, and starts from the nearest", () => {
    const far = model("far", 19 * GIB);
    const predicted = predictDecode(Q8, [rate(Q4, 20), rate(far, 20 / 12)], CPU);
    // Twice the bytes of the nearest (1 of 10 against 20 GiB at 1.67 t/s): the rule gives 6.67 for a:q4, which has 20.
    expect(predicted).toMatchObject({ checkedOn: 1 });
    if (typeof predicted === "string") throw new Error(predicted);
    expect(predicted.high / predicted.tokensPerSecond).toBeCloseTo(1.02 * 3, 10);
  });

  const GPU = { ...CPU, memory: { mainBytes: 64 * GIB, vramBytes: 8 * GIB } };
  const UNASKED = { ...CPU, memory: { mainBytes: 64 * GIB, vramBytes: null } };
  const SMALL = { ...CPU, memory: { mainBytes: 11 * GIB, vramBytes: 0 } };
  it.each([
    ["nothing was measured", Q8, [], CPU, /^No model was measured/],
    [
      "the only rate has no interval",
      Q8,
      [rate(Q4, 20, { decode: { median: 20, n: 1 } as never })],
      CPU,
      /^No model/,
    ],
    [
      "a mixture of experts",
      model("m", 9 * GIB, { family: "qwen3moe" }),
      [rate(Q4, 20)],
      CPU,
      /^It reads only some/,
    ],
    [
      "a mixture by its size",
      model("m", 9 * GIB, { parameterSize: "8x7B" }),
      [rate(Q4, 20)],
      CPU,
      /^It reads only/,
    ],
    [
      "experts as the only source",
      Q8,
      [rate(model("m", 4 * GIB, { family: "gptoss" }), 20)],
      CPU,
      /^No model/,
    ],
    ["an embedding model", model("e", 9 * GIB, { family: "nomic-bert" }), [rate(Q4, 20)], CPU, /^It embeds/],
    [
      "a cache of unknown size",
      model("u", 9 * GIB, { kvBytesPerToken: 0 }),
      [rate(Q4, 20)],
      CPU,
      /^The size of/,
    ],
    ["weights that caches hold", model("t", GIB / 32), [rate(Q4, 20)], CPU, /^Its weights are small/],
    [
      "small weights beside unknown caches",
      model("t", GIB / 8),
      [rate(Q4, 20)],
      { ...CPU, cacheSizeBytes: null },
      /small/,
    ],
    ["too far a size", model("h", 45 * GIB), [rate(Q4, 20)], CPU, /^Its size is too far/],
    ["no room at that context", Q8, [rate(Q4, 20)], SMALL, /^No model that was measured here lies/],
    [
      "a context it was not trained for",
      model("s", 9 * GIB, { trainedContext: 4096 }),
      [rate(Q4, 20)],
      CPU,
      /^No model that was measured here lies/,
    ],
    ["one in the GPU, one that is not", Q8, [rate(Q4, 20)], GPU, /^No model that was measured here lies/],
    ["a placement by hand", model("b", 4 * GIB), [rate(Q4, 20, { setsPlacement: true })], GPU, /^No model/],
    ["GPUs that could not be asked", Q8, [rate(Q4, 20)], UNASKED, /^No model/],
  ] as const)("is unknown for %s, with the reason", (_, target, measured, machine, reason) => {
    expect(predictDecode(target, measured, machine)).toMatch(reason);
  });

  it("is made between two models that both lie in the GPU", () => {
    expect(predictDecode(model("b", 3 * GIB), [rate(Q4, 60)], GPU)).toMatchObject({ tokensPerSecond: 75 });
  });
});
