// From a CPU's instruction-set flags to the tier that decides how fast an engine computes on it. Pure.
import type { IsaTier } from "@ozone/shared/machine-facts";

/** Flags that inference engines choose their code by, in the spelling of Linux. */
const FEATURES = new Set([
  ...["sse3", "pni", "ssse3", "sse4_1", "sse4_2", "avx", "f16c", "fma", "bmi2", "avx2", "avx_vnni"],
  ...[
    "avx512f",
    "avx512bw",
    "avx512dq",
    "avx512vl",
    "avx512vbmi",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
  ],
  ...["amx_tile", "amx_int8", "amx_bf16", "amx_fp16"],
  ...["neon", "asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2", "sme", "sme2"],
]);

/** x86 tiers, best first, each with the flags that it needs. AVX2 code of engines needs FMA and F16C as well. */
const X86_TIERS: ReadonlyArray<readonly [IsaTier, readonly string[]]> = [
  ["amx", ["amx_tile", "amx_int8"]],
  ["avx512", ["avx512f", "avx512bw", "avx512vl"]],
  ["avx2", ["avx2"]],
  ["avx", ["avx"]],
  ["sse42", ["sse4_2"]],
];

/**
 * The best vector instruction set.
 * @param arch as `os.arch()` names it: x64, arm64, ...
 * @param flags as the system lists them, in the spelling of Linux or macOS; empty when unknown
 */
export function isaTierOf(arch: string, flags: readonly string[]): IsaTier {
  const present = new Set(flags.map(normalised));
  if (arch === "arm64") return present.has("sve") || present.has("sve2") ? "sve" : "neon"; // every arm64 has NEON
  if (arch === "arm") return present.has("neon") || present.has("asimd") ? "neon" : "unknown";
  if (arch !== "x64" && arch !== "ia32") return "unknown";
  const best = X86_TIERS.find(([, needed]) => needed.every((flag) => present.has(flag)));
  return best?.[0] ?? "unknown";
}

/** The flags worth recording, sorted, each once. */
export function relevantFeatures(flags: readonly string[]): string[] {
  return [...new Set(flags.map(normalised))].filter((flag) => FEATURES.has(flag)).sort();
}

/** The flags in the text of /proc/cpuinfo ("flags" on x86, "Features" on ARM), of the first CPU. */
export function flagsOfCpuinfo(cpuinfo: string): string[] {
  const line = /^(?:flags|Features)\s*:\s*(.+)$/m.exec(cpuinfo)?.[1];
  return line === undefined ? [] : line.trim().split(/\s+/);
}

/** macOS writes AVX1.0, SSE4.2 and AVX512F; Linux avx, sse4_2 and avx512f. */
function normalised(flag: string): string {
  const lower = flag.toLowerCase();
  if (lower === "avx1.0") return "avx";
  return lower.replaceAll(".", "_");
}
