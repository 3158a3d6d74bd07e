// Which presets hold for what is here.
import { create } from "@bufbuild/protobuf";
import { EngineKind, EngineSchema, Provenance } from "@ozone/proto/machine";
import type { Preset } from "@ozone/proto/preset";
import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { type Surroundings, whyNotHere } from "./preset-holds.ts";
import { presetFor } from "./preset-material.ts";

const here: Surroundings = {
  hardwareClass: "test-class",
  engine: { kind: EngineKind.REFERENCE, version: "1.0.0" },
  model: { digest: "d".repeat(64), synthetic: true },
};
const preset = (change: Partial<Preset> = {}) =>
  presetFor({ version: "1.0.0", digest: "d".repeat(64) }, change);
const point = { numCtx: 1024, numBatch: 256, numPredict: 16 };
const engine = (kind: EngineKind, version: string) => create(EngineSchema, { kind, version });

describe("a preset", () => {
  it("holds for the same model, engine, hardware and kind of numbers", () => {
    expect(whyNotHere(preset(), here, false)).toBeNull();
  });

  it.each<[string, Partial<Preset>, string]>([
    ["another hardware class", { hardwareClass: "other" }, "is for the hardware class other"],
    ["another digest", { modelDigest: "e".repeat(64) }, "has digest dddddddddddd here"],
    ["no digest at all", { modelDigest: "" }, "an unknown one"],
    ["another engine", { engine: engine(EngineKind.OLLAMA, "1.0.0") }, 'was measured on the engine "ollama"'],
    ["real numbers on a synthetic model", { provenance: Provenance.MEASURED }, "the two never mix"],
    ["simulated numbers", { provenance: Provenance.SIMULATED }, "the two never mix"],
    ["no gain", { gains: [] }, "states no gain"],
    [
      "a cache type",
      { configuration: configuration({ ...point, kvCacheType: "q8_0" }) },
      "OLLAMA_KV_CACHE_TYPE=q8_0",
    ],
    ["concurrency", { configuration: configuration({ ...point, concurrency: 2 }) }, "OLLAMA_NUM_PARALLEL=2"],
  ])("does not hold with %s, whatever is let through", (_title, change, why) => {
    expect(whyNotHere(preset(change), here, false)).toContain(why);
    expect(whyNotHere(preset(change), here, true)).toContain(why);
  });

  it.each<[string, Partial<Preset>, string]>([
    ["another version", { engine: engine(EngineKind.REFERENCE, "0.9.0") }, "was measured on version 0.9.0"],
    ["a change since", { staleBecause: ["m-1: more memory."] }, "is stale: m-1: more memory; measure again"],
  ])("with %s is let through to be measured when that is asked for", (_title, change, why) => {
    expect(whyNotHere(preset(change), here, false)).toContain(why);
    expect(whyNotHere(preset(change), here, true)).toBeNull();
  });

  it("needs its model to be installed", () => {
    expect(whyNotHere(preset(), { ...here, model: null }, true)).toContain("is not installed");
  });

  it("that promises room alone needs no gain", () => {
    expect(whyNotHere(preset({ purpose: "max_context", gains: [] }), here, false)).toBeNull();
  });
});
