// The most arithmetic that a CPU could do, for a check that refuses impossible prefill rates. Computed from what the
// CPU is, not measured: JavaScript and WebAssembly reach a tenth of what an engine's vector code does, so that a
// measured figure would refuse honest samples. Pure.
import type { IsaTier, MachineFacts } from "@ozone/shared/machine-facts";

/** No processor of the known tiers runs faster than this, boost included. */
const CLOCK_HZ_MAX = 6.5e9;

/**
 * Operations (a multiplication and an addition are two) a core does in one cycle at the very best: the 8-bit dot
 * products of the tier times the number of units that can do them (vendors' optimisation manuals, rounded up).
 */
const OPERATIONS_PER_CYCLE: Record<Exclude<IsaTier, "unknown">, number> = {
  sse42: 96,
  avx: 96,
  avx2: 192,
  avx512: 384,
  amx: 2560,
  neon: 256,
  sve: 1024,
};

/**
 * Operations per second that nothing on this machine's CPU can exceed; some two to five times above what engines reach.
 * Null when the CPU is not known well enough, and on a machine with a GPU, which may do the work instead.
 */
export function arithmeticCeilingFlops(facts: Pick<MachineFacts, "cpu" | "gpus">): number | null {
  const { isaTier, physicalCores, logicalCores } = facts.cpu;
  const cores = physicalCores ?? logicalCores;
  if (facts.gpus === null || facts.gpus.length > 0 || cores === null || isaTier === "unknown") return null;
  return cores * CLOCK_HZ_MAX * OPERATIONS_PER_CYCLE[isaTier];
}
