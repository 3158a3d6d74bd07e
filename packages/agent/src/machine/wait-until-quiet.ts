// The idle guard: a benchmark waits for a quiet machine and never disturbs the person at it.
import { BUSY_GPU_SHARE, BUSY_LOAD_CORES } from "./contention.ts";
import { measureForeignLoad } from "./foreign-load.ts";
import { readGpuUse } from "./gpu-use.ts";

/** Load over one interval; null where it can't be told. */
export type ForeignUse = { loadCores: number | null; gpuShare: number | null };

/** How the waiting ended. `foreignLoadCores` and `foreignGpuShare` are those of the last interval. */
export type QuietOutcome = {
  quiet: boolean;
  waitedMs: number;
  foreignLoadCores: number | null;
  foreignGpuShare: number | null;
};

/** Options of `waitUntilQuiet`. */
export type QuietOptions = {
  /** Processes (with their descendants) that are not foreign, besides this one. */
  ownPids?: readonly number[];
  /** Give up after this long; 0 looks once. */
  limitMs: number;
  signal?: AbortSignal;
  /** Length of one look; the rule is 5 s. */
  intervalMs?: number;
  /** Measures one interval; tests hand in their own. */
  measure?: (intervalMs: number) => Promise<ForeignUse>;
};

/** Whether an interval counts as quiet. Unknown is not busy: a machine that can't tell would never run. Pure. */
export function isQuiet(use: ForeignUse): boolean {
  return (use.loadCores ?? 0) <= BUSY_LOAD_CORES && (use.gpuShare ?? 0) <= BUSY_GPU_SHARE;
}

/**
 * Waits until nobody else uses the machine: the first whole interval with a foreign load of at most a tenth of a core
 * and at most 5 % of each GPU. Call it while nothing of ours computes: a GPU's use has no owner.
 * @returns quiet = false when the limit came first; the caller then runs and marks the result `contended`
 * @throws the signal's reason when it aborts
 */
export async function waitUntilQuiet(options: QuietOptions): Promise<QuietOutcome> {
  const { limitMs, signal, intervalMs = 5000 } = options;
  const measure = options.measure ?? ((ms: number) => measureForeignUse(options.ownPids ?? [], ms, signal));
  const start = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    const use = await measure(intervalMs);
    const waitedMs = performance.now() - start;
    const quiet = isQuiet(use);
    if (quiet || waitedMs + intervalMs > limitMs) {
      return { quiet, waitedMs, foreignLoadCores: use.loadCores, foreignGpuShare: use.gpuShare };
    }
  }
}

/** The GPUs are read at the start of the interval and at its end; the busier reading counts. */
async function measureForeignUse(
  ownPids: readonly number[],
  intervalMs: number,
  signal?: AbortSignal,
): Promise<ForeignUse> {
  const before = await readGpuUse();
  const loadCores = await measureForeignLoad(ownPids, intervalMs, signal);
  const after = before === null ? null : await readGpuUse();
  const shares = [...(before ?? []), ...(after ?? [])]
    .map((gpu) => gpu.busyShare)
    .filter((share) => share !== null);
  return { loadCores, gpuShare: shares.length === 0 ? null : Math.max(...shares) };
}
