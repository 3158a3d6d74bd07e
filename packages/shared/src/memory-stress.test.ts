import { create } from "@bufbuild/protobuf";
import { MemorySchema } from "@ozone/proto/trial";
import { describe, expect, it } from "vitest";
import { memoryStress, stressLevel, stressWarnings } from "./memory-stress.ts";

const GIB = 1024 ** 3;
const gib = (amount: number): bigint => BigInt(Math.round(amount * GIB));

describe("memory stress", () => {
  it("has a word for each share, by its documented limits", () => {
    expect([0, 0.599, 0.6, 0.8, 0.949, 0.95, 1.2].map(stressLevel)).toEqual([
      ...["low", "low", "medium", "high", "high", "critical", "critical"],
    ]);
  });

  it("takes the engine's peak or what was gone meanwhile, whichever is more, of what there was before the load", () => {
    const memory = create(MemorySchema, { availableBytes: gib(10), peakPssBytes: gib(3) });
    expect(memoryStress(memory).ram).toMatchObject({ share: 0.3, level: "low" });
    memory.leastAvailableBytes = gib(1);
    expect(memoryStress(memory).ram).toMatchObject({ share: 0.9, level: "high" });
  });

  it("takes GPU memory by process, else as the server tells it", () => {
    const memory = create(MemorySchema, { vramBytes: gib(8), sizeVramBytes: gib(4) });
    expect(memoryStress(memory).vram).toMatchObject({ share: 0.5, level: "low" });
    memory.peakVramBytes = gib(8);
    expect(memoryStress(memory).vram).toMatchObject({ share: 1, level: "critical" });
  });

  it("is unknown, and no reason for a warning, where one side is", () => {
    const unknown = { ram: null, vram: null };
    expect(memoryStress(undefined)).toEqual(unknown);
    expect(memoryStress(create(MemorySchema, { peakPssBytes: gib(3) }))).toEqual(unknown);
    expect(memoryStress(create(MemorySchema, { availableBytes: 0n, peakPssBytes: gib(3) }))).toEqual(unknown);
    expect(stressWarnings([undefined])).toEqual([]);
  });

  it("warns once for the worst of several results", () => {
    const result = (used: number) =>
      create(MemorySchema, { availableBytes: gib(8), peakPssBytes: gib(used) });
    expect(stressWarnings([result(2), result(7.28), result(7)])).toEqual([
      "RAM stress high: 91 % of what was available before the load (7.3 GiB of 8.0 GiB) was in use at the peak; a smaller num_ctx leaves more room.",
    ]);
    expect(stressWarnings([result(2)])).toEqual([]);
  });
});
