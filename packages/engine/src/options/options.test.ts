import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocatedContextLength, needsReload, resolveLoadOptions } from "./load-options.ts";
import { defaultOptions, OptionError, parseOptions } from "./parse-options.ts";

const defaults = defaultOptions(4096);
const surroundings = { trainedContextLength: 131_072, coreCount: 4 };

function load(options: Readonly<Record<string, unknown>>): ReturnType<typeof resolveLoadOptions> {
  return resolveLoadOptions(parseOptions(defaults, options).options, surroundings);
}

describe("reading options", () => {
  it("lets the request win over the model and the model over the defaults", () => {
    const { options } = parseOptions(defaults, { num_ctx: 2048, top_k: 7 }, { num_ctx: 1024 });
    expect(options).toMatchObject({ num_ctx: 1024, top_k: 7, num_batch: 512 });
  });

  it("has Ollama 0.24's defaults", () => {
    expect(defaults).toMatchObject({
      num_predict: -1,
      num_keep: 4,
      temperature: 0.8,
      repeat_penalty: 1.1,
      num_gpu: -1,
    });
  });

  it.each([
    ["num_ctx", "many", 'option "num_ctx" must be of type integer'],
    ["temperature", "hot", 'option "temperature" must be of type float32'],
    ["use_mmap", 1, 'option "use_mmap" must be of type boolean'],
    ["stop", "x", 'option "stop" must be of type array'],
    ["stop", [1], 'option "stop" must be of an array of strings'],
  ])("refuses %s = %j in Ollama's words", (name, value, message) => {
    expect(() => parseOptions(defaults, { [name]: value })).toThrow(new OptionError(message));
  });

  it("reports unknown names and ignores them", () => {
    const { options, unknownNames } = parseOptions(defaults, { batch: 4, f16_kv: true, constructor: 1 });
    expect(unknownNames).toEqual(["batch", "f16_kv", "constructor"]);
    expect(options).toEqual(defaults);
  });

  it("takes null as unset and cuts fractions off integers", () => {
    const { options } = parseOptions(defaults, { num_ctx: null, top_k: 3.9, num_predict: -1.5 });
    expect(options).toMatchObject({ num_ctx: 4096, top_k: 3, num_predict: -1 });
  });
});

describe("resolving load-time options", () => {
  it("clamps num_ctx to what the model was trained for, and to 4 at least", () => {
    expect(load({ num_ctx: 1_000_000 }).numCtx).toBe(131_072);
    expect(load({ num_ctx: 0 }).numCtx).toBe(4);
  });

  it("keeps num_batch within num_ctx", () => {
    expect(load({ num_ctx: 256, num_batch: 512 }).numBatch).toBe(256);
    expect(load({ num_batch: 0 }).numBatch).toBe(1);
  });

  it("leaves one core free unless told otherwise, but uses at least one", () => {
    expect(load({}).numThread).toBe(3);
    expect(load({ num_thread: 2 }).numThread).toBe(2);
    const { options } = parseOptions(defaults);
    expect(resolveLoadOptions(options, { ...surroundings, coreCount: 1 }).numThread).toBe(1);
  });

  it("rounds allocations up to multiples of 256", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 131_072 }), (numCtx) => {
        const allocated = allocatedContextLength(numCtx);
        expect(allocated % 256).toBe(0);
        expect(allocated - numCtx).toBeGreaterThanOrEqual(0);
        expect(allocated - numCtx).toBeLessThan(256);
      }),
    );
  });
});

describe("the need to reload", () => {
  it.each([
    ["num_ctx", 2048],
    ["num_batch", 64],
    ["num_thread", 2],
    ["num_gpu", 5],
    ["main_gpu", 1],
    ["use_mmap", true],
  ])("arises when %s changes", (name, value) => {
    expect(needsReload(load({}), load({ [name]: value }))).toBe(true);
  });

  it("does not arise from request options, nor from going back to automatic num_gpu", () => {
    expect(needsReload(load({ num_gpu: 5 }), load({ temperature: 0, num_predict: 3, num_keep: 1 }))).toBe(
      false,
    );
  });
});
