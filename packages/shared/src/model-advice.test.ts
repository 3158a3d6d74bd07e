// Advice on the models of one machine.
import { create } from "@bufbuild/protobuf";
import {
  EngineKind,
  EngineSchema,
  MachineSchema,
  type Model,
  ModelSchema,
  Provenance,
} from "@ozone/proto/machine";
import { type Preset, PresetSchema } from "@ozone/proto/preset";
import { describe, expect, it } from "vitest";
import { configuration } from "./configuration.ts";
import { adviseModels } from "./model-advice.ts";

const GIB = 1024 ** 3;
const CLASS = "a-cpu-8c-avx2-32gb-linux";
const OLLAMA = { kind: EngineKind.OLLAMA, version: "0.24.0" };

const facts = {
  hostId: "0".repeat(32),
  os: { family: "linux", release: "12", arch: "x64" },
  cpu: {
    vendor: "a",
    brand: "CPU",
    physicalCores: 8,
    logicalCores: 8,
    usableCores: 8,
    isaTier: "avx2",
    features: [],
    l3Bytes: GIB / 32,
  },
  memory: {
    totalBytes: 32 * GIB,
    limitBytes: null,
    bandwidthBytesPerSecond: null,
    cacheBandwidthBytesPerSecond: null,
    bandwidthMethod: "none",
  },
  gpus: [] as unknown[] | null,
  virtualised: false,
  powerSource: "mains",
  numaNodes: 1,
  notes: [],
};

const model = (name: string, gib: number, more: Partial<Model> = {}) =>
  Object.assign(
    create(ModelSchema, {
      name,
      digest: `sha256:${name}`,
      sizeBytes: BigInt(gib * GIB),
      family: "qwen3",
      parameterSize: "8.2B",
      quantization: "Q4_K_M",
      trainedContext: 131_072,
      kvBytesPerToken: 131_072n,
    }),
    more,
  );

const machine = (models: Model[], factsJson = JSON.stringify(facts)) =>
  create(MachineSchema, { id: "m-1", name: "pc", hardwareClass: CLASS, engine: OLLAMA, factsJson, models });

const preset = (name: string, rate: number, more: Partial<Preset> = {}) =>
  Object.assign(
    create(PresetSchema, {
      hardwareClass: CLASS,
      modelName: name,
      modelDigest: `sha256:${name}`,
      engine: OLLAMA,
      purpose: "balanced",
      configuration: configuration({ numCtx: 8192, numBatch: 512, numPredict: 128 }),
      figures: {
        decodeTokensPerSecond: {
          median: rate,
          ciLow: 0.97 * rate,
          ciHigh: 1.03 * rate,
          n: 6,
          method: "order-statistics",
        },
        ttftMs: { median: 4000, ciLow: 3900, ciHigh: 4100, n: 6, method: "order-statistics" },
      },
      status: "production",
      provenance: Provenance.MEASURED,
      machineIds: ["m-1"],
    }),
    more,
  );

const bases = (advice: ReturnType<typeof adviseModels>) =>
  advice.map(({ modelName, speed }) => [modelName, speed.basis]);

describe("advice on models", () => {
  it("shows what was measured with n and interval, predicts the rest, and puts what is too large last", () => {
    const here = machine([
      model("huge", 60),
      model("q8", 9),
      model("experts", 6, { family: "qwen3moe" }),
      model("q4", 4),
      model("small", 2),
    ]);
    const advice = adviseModels(here, [preset("q4", 20), preset("small", 40)], "balanced");
    expect(bases(advice)).toEqual([
      ["small", "measured"],
      ["q4", "measured"],
      ["q8", "predicted"],
      ["experts", "unknown"],
      ["huge", "unknown"],
    ]);
    expect(advice[1]).toMatchObject({
      quantization: "Q4_K_M",
      room: { word: "fits", numCtx: 8192, needBytes: 5 * GIB, ofBytes: 32 * GIB },
      speed: {
        decode: { median: 20, ciLow: 19.4, ciHigh: 20.6, n: 6 },
        onThisMachine: true,
        status: "production",
      },
    });
    expect(advice[2]?.speed).toMatchObject({ tokensPerSecond: 10, fromModel: "q4", checkedOn: 1 });
    expect(advice[4]?.room.word).toBe("too large");
  });

  it("takes presets of this class, engine, digest and purpose only", () => {
    const here = machine([model("q4", 4)]);
    const others = [
      preset("q4", 1, { hardwareClass: "other" }),
      preset("q4", 2, { engine: create(EngineSchema, { ...OLLAMA, version: "0.12.6" }) }),
      preset("q4", 3, { modelDigest: "sha256:older" }),
      preset("q4", 4, { purpose: "fast_response" }),
    ];
    expect(bases(adviseModels(here, others, "balanced"))).toEqual([["q4", "unknown"]]);
    const elsewhere = adviseModels(here, [preset("q4", 5, { machineIds: ["m-2"] })], "balanced");
    expect(elsewhere[0]?.speed).toMatchObject({ basis: "measured", onThisMachine: false });
  });

  it.each([Provenance.SYNTHETIC, Provenance.SIMULATED, Provenance.UNSPECIFIED])(
    "never shows nor predicts a real model from numbers of provenance %s",
    (provenance) => {
      const here = machine([model("real", 4), model("made", 5, { synthetic: true })]);
      const numbers = [preset("real", 20, { provenance }), preset("made", 20, { provenance })];
      const advice = adviseModels(here, numbers, "balanced");
      expect(advice.find(({ modelName }) => modelName === "real")?.speed.basis).toBe("unknown");
    },
  );

  it("predicts a synthetic model from a synthetic one, and says that both are", () => {
    const here = machine([model("one", 4, { synthetic: true }), model("two", 9, { synthetic: true })]);
    const advice = adviseModels(here, [preset("one", 20, { provenance: Provenance.SYNTHETIC })], "balanced");
    expect(bases(advice)).toEqual([
      ["one", "measured"],
      ["two", "predicted"],
    ]);
    expect(advice.map(({ provenance }) => provenance)).toEqual([Provenance.SYNTHETIC, Provenance.SYNTHETIC]);
  });

  it("shows stale presets as stale and predicts nothing from them, nor from several requests at a time", () => {
    const here = machine([model("q4", 4), model("q8", 9)]);
    const stale = preset("q4", 20, { staleBecause: ["m-1: 16 GiB of memory instead of 32."] });
    const advice = adviseModels(here, [stale], "balanced");
    expect(advice[0]?.speed).toMatchObject({ staleBecause: ["m-1: 16 GiB of memory instead of 32."] });
    expect(advice[1]?.speed.basis).toBe("unknown");
    const many = preset("q4", 20);
    if (many.configuration) many.configuration.concurrency = 4;
    expect(adviseModels(here, [many], "balanced")[1]?.speed.basis).toBe("unknown");
  });

  it("orders by the purpose: waiting time or room, not the decode rate alone", () => {
    const here = machine([model("fast", 4), model("long", 4)]);
    const large = configuration({ numCtx: 65_536, numBatch: 512, numPredict: 128 });
    const both = (purpose: string) => [
      preset("fast", 20, { purpose }),
      preset("long", 5, { purpose, configuration: large }),
    ];
    const first = (purpose: string) => adviseModels(here, both(purpose), purpose)[0]?.modelName;
    expect([first("fast_response"), first("max_context")]).toEqual(["fast", "long"]);
  });

  it("asks for room that suits the purpose, within what the model was trained for", () => {
    const here = machine([model("q4", 4), model("short", 4, { trainedContext: 2048 })]);
    const contexts = (purpose: string) => adviseModels(here, [], purpose).map(({ room }) => room.numCtx);
    expect(contexts("fast_response")).toEqual([4096, 2048]);
    expect(contexts("max_context")).toEqual([32_768, 2048]);
  });

  it("says unknown where the machine, its engine or its model can't be looked at", () => {
    const advice = adviseModels(machine([model("q4", 4)], "{}"), [], "balanced");
    expect(advice[0]?.room).toEqual({ word: "unknown", numCtx: 8192, needBytes: 5 * GIB, ofBytes: null });
    const blind = machine([model("q4", 4), model("void", 4, { kvBytesPerToken: 0n })]);
    blind.engine = undefined;
    expect(adviseModels(blind, [preset("q4", 20)], "balanced")).toMatchObject([
      { modelName: "q4", provenance: Provenance.UNSPECIFIED, speed: { basis: "unknown" } },
      { modelName: "void", room: { word: "unknown", needBytes: null }, speed: { basis: "unknown" } },
    ]);
  });

  it("believes a preset of this machine more than the estimate, unless its context or cache was smaller", () => {
    const here = machine([model("big", 60)]);
    const word = (values: Partial<Preset>, numCtx = 8192, kvCacheType = "f16") => {
      const point = configuration({ numCtx, numBatch: 512, numPredict: 128, kvCacheType });
      const seen = preset("big", 20, { configuration: point, ...values });
      return adviseModels(here, [seen], "balanced")[0]?.room.word;
    };
    expect(word({})).toBe("fits");
    expect(word({}, 4096)).toBe("too large");
    expect(word({}, 8192, "q8_0")).toBe("too large");
    expect(word({ machineIds: ["m-2"] })).toBe("too large");
    expect(word({ staleBecause: ["m-1: less memory."] })).toBe("too large");
  });

  const gpu = (vramBytes: number | null, unified = false) => ({
    vendor: "nvidia",
    model: "GPU",
    vramBytes,
    driver: "1",
    unified,
    cores: null,
    index: 0,
  });
  it.each([
    ["counts a GPU's own memory", [gpu(48 * GIB)], 60, "fits"],
    ["does not count shared memory twice", [gpu(48 * GIB, true)], 60, "too large"],
    ["calls nothing too large beside a GPU of unknown memory", [gpu(null)], 60, "unknown"],
    ["calls nothing too large where GPUs could not be asked", null, 60, "unknown"],
    ["is tight between what surely fits and what surely does not", [], 28, "tight"],
  ] as const)("%s", (_, gpus, gib, word) => {
    const here = machine([model("huge", gib)], JSON.stringify({ ...facts, gpus }));
    expect(adviseModels(here, [], "balanced")[0]?.room.word).toBe(word);
  });
});
