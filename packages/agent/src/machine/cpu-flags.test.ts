import { describe, expect, it } from "vitest";
import { flagsOfCpuinfo, isaTierOf, relevantFeatures } from "./cpu-flags.ts";

describe("isaTierOf", () => {
  it.each([
    ["x64", "sse4_2", "sse42"],
    ["x64", "sse4_2 avx", "avx"],
    ["x64", "sse4_2 avx f16c fma avx2", "avx2"],
    ["x64", "avx avx2 avx512f", "avx2"], // foundation alone (Xeon Phi) runs none of the engines' AVX-512 code
    ["x64", "avx avx2 avx512f avx512bw avx512vl avx512_vnni", "avx512"],
    ["x64", "avx2 avx512f avx512bw avx512vl amx_tile amx_int8 amx_bf16", "amx"],
    ["x64", "SSE4.2 AVX1.0 AVX2 F16C", "avx2"], // spelling of macOS
    ["x64", "SSE4.2 AVX1.0", "avx"],
    ["x64", "", "unknown"],
    ["arm64", "", "neon"],
    ["arm64", "fp asimd asimddp i8mm", "neon"],
    ["arm64", "fp asimd sve sve2 i8mm", "sve"],
    ["arm", "half thumb neon vfpv4", "neon"],
    ["riscv64", "rv64imafdc", "unknown"],
  ])("%s with flags %j is %s", (arch, flags, tier) => {
    expect(isaTierOf(arch, flags.split(" "))).toBe(tier);
  });
});

describe("flags of /proc/cpuinfo", () => {
  it("are those of the first CPU on x86", () => {
    const text =
      "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx avx2\n\nprocessor\t: 1\nflags\t\t: fpu\n";
    expect(flagsOfCpuinfo(text)).toEqual(["fpu", "avx", "avx2"]);
  });

  it("are called features on ARM", () => {
    expect(flagsOfCpuinfo("processor\t: 0\nFeatures\t: fp asimd sve\nCPU part\t: 0xd40\n")).toEqual([
      "fp",
      "asimd",
      "sve",
    ]);
  });

  it("are none in a text without them", () => {
    expect(flagsOfCpuinfo("")).toEqual([]);
  });
});

describe("relevantFeatures", () => {
  it("keeps what engines choose by, sorted and once each", () => {
    expect(relevantFeatures(["fpu", "fma", "avx2", "AVX2", "sse4_2", "lahf_lm"])).toEqual([
      "avx2",
      "fma",
      "sse4_2",
    ]);
  });
});
