// Options are read, defaulted and compared as Ollama does it.
import { describe, expect, it } from "vitest";
import { keepAliveOf, readGenerationRequest } from "./generation-request.ts";
import { boundedPredict, needsReload, readOptions } from "./options.ts";
import type { ScriptChange } from "./script.ts";
import { changeScript, defaultScript } from "./script.ts";
import { scriptedModel } from "./scripted-model.ts";
import { behavioursOf } from "./versions.ts";

function read(
  requested: Record<string, unknown>,
  change: ScriptChange = {},
  parameters: Record<string, unknown> = {},
) {
  const script = changeScript(defaultScript(), change);
  const model = { ...scriptedModel(), parameters };
  return readOptions({ script, model, behaviours: behavioursOf(script.version), requested }, null);
}

describe("readOptions", () => {
  it("lets the request win over the model and the model over the server", () => {
    const server = { contextLength: 1000 };
    expect(read({}, { server }).load.numCtx).toBe(1000);
    expect(read({}, { server }, { num_ctx: 2000 }).load.numCtx).toBe(2000);
    expect(read({ num_ctx: 3000 }, { server }, { num_ctx: 2000 }).load.numCtx).toBe(3000);
  });

  it("cuts floats, takes null as unset, ignores unknown keys, and never goes below four tokens of context", () => {
    const { load, run } = read({ num_ctx: 2.9, num_predict: null, mirostat: "yes" });
    expect([load.numCtx, run.numPredict, run.numKeep]).toEqual([4, -1, 4]);
  });

  it("refuses a known key of the wrong type", () => {
    expect(() => read({ num_batch: "512" })).toThrow('option "num_batch" must be of type integer');
    expect(() => read({ use_mmap: 1 })).toThrow('option "use_mmap" must be of type boolean');
    expect(() => read({ stop: "x" })).toThrow('option "stop" must be of type array');
  });

  it("knows draft_num_predict only from 0.30 on", () => {
    expect(read({ draft_num_predict: 3 }, { version: "0.24.0" }).load.draftNumPredict).toBe(0);
    expect(read({ draft_num_predict: 3 }, { version: "0.30.0" }).load.draftNumPredict).toBe(3);
  });

  it("keeps a batch as it was asked for, and chooses an unset one by the context from 0.30 on", () => {
    expect(read({ num_ctx: 64, num_batch: 512 }).load.numBatch).toBe(512);
    expect(read({ num_ctx: 8192 }).load.numBatch).toBe(512);
    const chosen = [4096, 8192, 65_536].map(
      (num_ctx) => read({ num_ctx }, { version: "0.33.0" }).load.numBatch,
    );
    expect(chosen).toEqual([512, 1024, 2048]);
  });

  it("has no limit below ten contexts for an open num_predict", () => {
    expect([0, -1, 50, 99_999].map((wanted) => boundedPredict(wanted, 100))).toEqual([1000, 1000, 50, 1000]);
  });
});

describe("needsReload", () => {
  it("ignores contexts that are clamped to the same, automatic values against each other, and an unset num_gpu", () => {
    const [small, big] = [read({ num_ctx: 40_000 }).load, read({ num_ctx: 50_000 }).load];
    expect(needsReload(small, big, 32_768)).toBe(false);
    expect(needsReload(small, big, 131_072)).toBe(true);
    expect(needsReload(read({ num_gpu: 5 }).load, read({}).load, 4096)).toBe(false);
    expect(needsReload(read({}).load, read({ num_gpu: 5 }).load, 4096)).toBe(true);
    expect(needsReload(read({}).load, { ...read({}).load, numCtx: 9000 }, 32_768)).toBe(false);
  });
});

describe("keepAliveOf", () => {
  it.each([
    [undefined, undefined],
    [0, 0],
    ["0", 0],
    [12.5, 12.5],
    ["1h2m3.5s", 3723.5],
    ["250ms", 0.25],
    [-1, Number.POSITIVE_INFINITY],
    ["-1m", Number.POSITIVE_INFINITY],
  ])("reads %j as %j seconds", (value, seconds) => {
    expect(keepAliveOf(value)).toBe(seconds);
  });

  it("refuses what is no duration", () => {
    expect(() => keepAliveOf("30")).toThrow('time: invalid duration "30"');
    expect(() => keepAliveOf(true)).toThrow("Unsupported type");
  });
});

describe("readGenerationRequest", () => {
  it("streams and truncates unless told otherwise, and leaves shift open", () => {
    const plain = readGenerationRequest("generate", { model: "m", prompt: "hi", raw: true });
    expect(plain).toMatchObject({ stream: true, truncate: true, shift: null, parts: ["hi"], empty: false });
    const told = { model: "m", prompt: "", stream: false, truncate: false, shift: false };
    expect(readGenerationRequest("generate", told)).toMatchObject({
      stream: false,
      truncate: false,
      shift: false,
      empty: true,
    });
  });
});
