// The names and parameters of derived models.
import { assert, property, stringMatching } from "fast-check";
import { describe, expect, it } from "vitest";
import { configuration } from "./configuration.ts";
import { derivedModelName, derivedParameters, isModelName, serverVariables } from "./derived-model.ts";

describe("the name of a derived model", () => {
  it.each([
    ["qwen3:8b", "balanced", "qwen3:8b-ozone-balanced"],
    ["qwen3", "fast_response", "qwen3:latest-ozone-fast_response"],
    ["someone/qwen3:8b", "max_context", "someone/qwen3:8b-ozone-max_context"],
    ["box.local:5000/a/b:c", "my own", "box.local:5000/a/b:c-ozone-my_own"],
  ])("of %s for %s is %s", (model, purpose, name) => {
    expect(derivedModelName(model, purpose)).toBe(name);
  });

  it("is one that Ollama takes, however long the model's own is", () => {
    const part = stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/);
    assert(
      property(part, part, (model, tag) => isModelName(derivedModelName(`${model}:${tag}`, "balanced"))),
    );
  });

  it.each(["", ":8b", "a:", "a b", "a:b:c", "a/b/c/d", "../a", "-a"])("is never like %j", (name) => {
    expect(isModelName(name)).toBe(false);
  });
});

describe("what a preset sets", () => {
  const point = { numCtx: 4096, numBatch: 64, numPredict: 128 };

  it("is in the model as far as requests can say it, without the length of answers", () => {
    expect(derivedParameters(configuration({ ...point, numThread: 3, numGpu: 0 }))).toEqual({
      num_ctx: 4096,
      num_batch: 64,
      num_thread: 3,
      num_gpu: 0,
    });
    expect(serverVariables(configuration(point))).toEqual({});
  });

  it("is in the server's environment as far as it is the server's", () => {
    const wanted = configuration({ ...point, kvCacheType: "q8_0", concurrency: 2 });
    const variables = {
      OLLAMA_KV_CACHE_TYPE: "q8_0",
      OLLAMA_FLASH_ATTENTION: "1",
      OLLAMA_NUM_PARALLEL: "2",
    };
    expect(serverVariables(wanted)).toEqual(variables);
    expect(serverVariables({ ...wanted, flashAttention: "on" })).toEqual(variables);
  });
});
