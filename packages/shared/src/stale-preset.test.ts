// Changes of machines, and the presets that rest on them.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { EngineKind, EngineSchema } from "@ozone/proto/machine";
import { PresetSchema } from "@ozone/proto/preset";
import { describe, expect, it } from "vitest";
import { hardwareChanges } from "./hardware-changes.ts";
import type { GpuFacts, MachineFacts } from "./machine-facts.ts";
import { type CurrentMachine, staleBecause } from "./stale-preset.ts";

const GIB = 1024 ** 3;

const gpu: GpuFacts = {
  ...{ vendor: "nvidia", model: "NVIDIA GeForce RTX 4090", vramBytes: 24 * GIB, driver: "550.54.14" },
  ...{ unified: false, cores: null, index: 0 },
};

const facts = (change: Partial<MachineFacts> = {}): MachineFacts => ({
  hostId: "0".repeat(32),
  os: { family: "linux", release: "6.1", arch: "x64" },
  cpu: {
    ...{ vendor: "AMD", brand: "AMD Ryzen 9 7950X", physicalCores: 16, logicalCores: 32, usableCores: 32 },
    ...{ isaTier: "avx512" as const, features: [], l3Bytes: 64e6 },
  },
  memory: {
    ...{ totalBytes: 64 * GIB, limitBytes: null, bandwidthBytesPerSecond: 6e10 },
    ...{ cacheBandwidthBytesPerSecond: null, bandwidthMethod: "memchr" },
  },
  gpus: [gpu],
  virtualised: false,
  powerSource: "mains",
  numaNodes: 1,
  notes: [],
  ...change,
});

describe("hardware changes", () => {
  const after = (change: Partial<MachineFacts>) => hardwareChanges(facts(), facts(change));

  it("are none for the same machine, whatever its bandwidth, kernel and notes are today", () => {
    const memory = { ...facts().memory, bandwidthBytesPerSecond: 5e10, totalBytes: 64 * GIB - 300e6 };
    const os = { ...facts().os, release: "6.12" };
    expect(after({ memory, os, notes: ["x"], powerSource: "battery" })).toEqual([]);
  });

  it("name memory, GPUs, driver and processor with old and new", () => {
    const memory = { ...facts().memory, totalBytes: 32 * GIB };
    expect(after({ memory })).toEqual(["The main memory changed from 64.0 GiB to 32.0 GiB."]);
    expect(after({ gpus: [gpu, { ...gpu, index: 1 }] })[0]).toContain("4090 + NVIDIA GeForce RTX 4090.");
    expect(after({ gpus: [] })[0]).toContain("to none.");
    expect(after({ gpus: [{ ...gpu, driver: "560.35.03" }] })).toEqual([
      "The nvidia driver changed from 550.54.14 to 560.35.03.",
    ]);
    const cpu = { ...facts().cpu, brand: "AMD Ryzen 9 9950X", usableCores: 8 };
    expect(after({ cpu })).toHaveLength(2);
  });

  it("are not made up from what a tool did not tell today", () => {
    expect(after({ gpus: null })).toEqual([]);
    expect(after({ gpus: [{ ...gpu, driver: "nvidia" }] })).toEqual([]);
    expect(after({ memory: { ...facts().memory, totalBytes: null } })).toEqual([]);
    expect(after({ cpu: { ...facts().cpu, physicalCores: null, brand: "unknown" } })).toEqual([]);
  });
});

describe("a preset", () => {
  const measured = create(EngineSchema, { kind: EngineKind.OLLAMA, version: "0.24.0" });
  const preset = create(PresetSchema, {
    hardwareClass: "class-a",
    modelName: "qwen3:8b",
    modelDigest: "abc",
    engine: measured,
    machineIds: ["m-1", "m-2"],
    refreshedAt: timestampFromDate(new Date("2026-11-25T10:00:00Z")),
  });
  const machine = (change: Partial<CurrentMachine> = {}): CurrentMachine => ({
    id: "m-1",
    hardwareClass: "class-a",
    engine: measured,
    engineProblem: "",
    models: [{ name: "qwen3:8b", digest: "abc" }],
    changes: [],
    ...change,
  });

  it("holds while its machines are as they were, and for machines that are gone", () => {
    expect(staleBecause(preset, [machine()])).toEqual([]);
    expect(staleBecause(preset, [])).toEqual([]);
    expect(staleBecause(preset, [machine({ id: "m-9", hardwareClass: "class-b" })])).toEqual([]);
  });

  it("is stale when hardware class, engine or model of a machine changed, each in one sentence", () => {
    expect(staleBecause(preset, [machine({ hardwareClass: "class-b" })])).toEqual([
      "m-1 is of the hardware class class-b now.",
    ]);
    const newer = create(EngineSchema, { ...measured, version: "0.25.0" });
    expect(staleBecause(preset, [machine({ engine: newer })])).toEqual([
      "m-1 runs ollama 0.25.0 now, and this was measured on ollama 0.24.0.",
    ]);
    const pulled = [{ name: "qwen3:8b", digest: "def" }];
    expect(staleBecause(preset, [machine({ models: pulled })])[0]).toContain("has another digest on m-1 now");
    expect(staleBecause(preset, [machine({ models: [] })])).toEqual([
      "qwen3:8b is no longer installed on m-1.",
    ]);
  });

  it("is stale by a driver that changed after it was measured, and not by one from before", () => {
    const change = (changedAt: string) =>
      machine({ changes: [{ what: "The nvidia driver changed.", changedAt }] });
    expect(staleBecause(preset, [change("2026-11-25T11:00:00Z")])).toEqual([
      "m-1: The nvidia driver changed.",
    ]);
    expect(staleBecause(preset, [change("2026-11-25T09:00:00Z")])).toEqual([]);
  });

  it("is not stale because an engine is down at the moment", () => {
    const down = machine({ engineProblem: "No Ollama answers.", models: [] });
    expect(staleBecause(preset, [down])).toEqual([]);
    const empty = create(EngineSchema, { kind: EngineKind.UNSPECIFIED });
    expect(staleBecause(preset, [machine({ engine: empty, models: [] })])).toEqual([]);
  });

  it("names a few of many changes", () => {
    const many = Array.from({ length: 9 }, (_, at) => machine({ id: `m-${at}`, hardwareClass: "class-b" }));
    const wide = { ...preset, machineIds: many.map(({ id }) => id) };
    expect(staleBecause(wide, many)).toHaveLength(5);
    expect(staleBecause(wide, many).at(-1)).toBe("5 more changes like these.");
  });
});
