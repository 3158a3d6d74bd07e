// What slows an honest server down beyond its pace: small batches, few threads, layers on the CPU, and company.
import type { Allocation } from "./memory.ts";
import type { Script } from "./script.ts";

const DEFAULT_BATCH = 512;

/** Factors on seconds; 1 at the script's default settings with one request at a time. */
export interface Slowness {
  readonly prefill: number;
  readonly decode: number;
}

/** How much longer each step takes with this allocation and so many generations at once. */
export function slownessOf(allocation: Allocation, script: Script, active: number): Slowness {
  const shared =
    placement(allocation.gpuShare, script.gpuShare) *
    threads(allocation.numThread, script.cores) *
    company(active);
  return { prefill: shared * batch(allocation.numBatch), decode: shared };
}

/** Every batch has a fixed cost: 64 tokens at a time are about 40 % slower than 512. */
function batch(numBatch: number): number {
  const perToken = (size: number) => 1 + 32 / Math.max(1, size);
  return perToken(numBatch) / perToken(DEFAULT_BATCH);
}

/** Fewer threads than cores are slower, though less than in proportion; more threads than cores get in each other's way. */
function threads(numThread: number, cores: number): number {
  return numThread > cores ? 1.3 : (cores / Math.max(1, numThread)) ** 0.7;
}

/** The pace is that of the script's own placement; a model wholly moved to the CPU is four times slower. */
function placement(gpuShare: number, usualShare: number): number {
  return 1 + 3 * Math.max(0, usualShare - gpuShare);
}

function company(active: number): number {
  return 1 + 0.3 * Math.max(0, active - 1);
}
