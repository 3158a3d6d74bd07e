import type { GpuFacts } from "@ozone/shared/machine-facts";
import { describe, expect, it } from "vitest";
import { arithmeticCeilingFlops } from "./arithmetic-ceiling.ts";

const cpu = {
  vendor: "AMD",
  brand: "AMD EPYC",
  physicalCores: 2,
  logicalCores: 4,
  usableCores: 2,
  isaTier: "avx2" as const,
  features: [],
  l3Bytes: null,
};
const gpu: GpuFacts = {
  vendor: "apple",
  model: "Apple M2",
  vramBytes: null,
  driver: "unknown",
  unified: true,
  cores: 10,
  index: 0,
};

describe("arithmeticCeilingFlops", () => {
  it("is far above what is seen: 2 AVX2 cores read prompts of a 1.2 B model at less than 200 tokens/s", () => {
    const ceiling = arithmeticCeilingFlops({ cpu, gpus: [] }) ?? 0;
    expect(ceiling / (2 * 1.2e9)).toBeGreaterThan(400);
    expect(ceiling / (2 * 1.2e9)).toBeLessThan(4000);
  });

  it("grows with the instruction set and the cores", () => {
    const of = (change: Partial<typeof cpu> | { isaTier: "amx" }) =>
      arithmeticCeilingFlops({ cpu: { ...cpu, ...change }, gpus: [] }) ?? 0;
    expect(of({ isaTier: "amx" })).toBeGreaterThan(of({}));
    expect(of({ physicalCores: 8 })).toBe(4 * of({}));
  });

  it("is unknown beside a GPU, without flags, and where GPUs could not be listed", () => {
    expect(arithmeticCeilingFlops({ cpu, gpus: [gpu] })).toBeNull();
    expect(arithmeticCeilingFlops({ cpu, gpus: null })).toBeNull();
    expect(arithmeticCeilingFlops({ cpu: { ...cpu, isaTier: "unknown" }, gpus: [] })).toBeNull();
  });
});
