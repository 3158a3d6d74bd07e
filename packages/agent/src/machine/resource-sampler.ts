// Watches the memory of a process tree during a trial and keeps the peaks. It must not disturb what it watches: each
// kind of slow reading waits a hundred times as long as its last one took, so that it stays below 1 % of one core (the
// kernel walks 4 GiB of small pages in 75 ms for one PSS), and what is slow runs beside the event loop that times tokens.
import { setTimeout as delay } from "node:timers/promises";
import { readGpuUse, readVramOf } from "./gpu-use.ts";
import { findListener } from "./listening-port.ts";
import { readPssBytes, readRssBytes } from "./process-memory.ts";
import { readProcesses, treeOf } from "./process-tree.ts";
import { PeakKeeper, type ResourcePeaks } from "./resource-peaks.ts";
import { askProcesses } from "./system-information.ts";

/** A running sampler. */
export type ResourceSampler = {
  /** Peaks so far. */
  peaks(): ResourcePeaks;
  /** Takes a last reading and stops. May be called more than once. */
  stop(): Promise<ResourcePeaks>;
};

/** Options of `startResourceSampler`: the tree below `pid`, or below whoever listens on `port`. */
export type SamplerOptions = ({ pid: number } | { port: number }) & {
  /** Pace of the RSS readings; 150 ms by default, and no faster than 2 s off Linux, where each starts a tool. */
  intervalMs?: number;
  /** Fastest pace of the GPU readings, each of which starts a tool. */
  gpuIntervalMs?: number;
};

const LINUX = process.platform === "linux";
const PAUSE_FACTOR = 100;
const SLOW_INTERVAL_MS = LINUX ? 1000 : 2000;

/** Starts sampling. Never throws: what can't be read is null, with a note. */
export function startResourceSampler(options: SamplerOptions): ResourceSampler {
  const stopping = new AbortController();
  const peaks = new PeakKeeper();
  const running = sample(options, peaks, stopping.signal);
  return {
    peaks: () => peaks.copy(),
    async stop() {
      stopping.abort();
      await running;
      return peaks.copy();
    },
  };
}

async function sample(options: SamplerOptions, peaks: PeakKeeper, stopping: AbortSignal): Promise<void> {
  const intervalMs = LINUX ? (options.intervalMs ?? 150) : SLOW_INTERVAL_MS;
  let tree: ReadonlySet<number> = new Set();
  const findTree = paced(peaks, SLOW_INTERVAL_MS, async () => {
    tree = await readTreeAndCount(options, peaks);
  });
  const readBeside = pssAndGpuReader(peaks, options.gpuIntervalMs ?? 2000);
  let beside: Promise<void> | null = null;
  for (let round = 0, last = false; ; round += 1, last = stopping.aborted) {
    await findTree(round === 0 || last);
    if (LINUX) peaks.saw("rssBytes", readRssBytes(tree));
    beside ??= readBeside(tree, last).finally(() => {
      beside = null;
    });
    if (last) break;
    await delay(intervalMs, undefined, { signal: stopping, ref: false }).catch(() => {}); // rejects only because we stop
  }
  await beside;
}

/** PSS and GPU memory, one after the other; GPUs are asked no more once there was no answer. */
function pssAndGpuReader(peaks: PeakKeeper, gpuIntervalMs: number) {
  let current: ReadonlySet<number> = new Set();
  let gpusAnswer = true;
  // A sample shorter than the interval has one PSS reading, the forced one at its end: memory rarely shrinks before.
  const readPss = paced(peaks, SLOW_INTERVAL_MS, async () => {
    const pss = await readPssBytes(current);
    if (pss === null && current.size > 0)
      peaks.note("The PSS is unknown: the processes belong to another user.");
    peaks.saw("pssBytes", pss);
  });
  const readGpus = paced(peaks, gpuIntervalMs, async () => {
    const use = await readGpuUse();
    gpusAnswer = use !== null;
    if (use === null) return;
    const used = use.map((gpu) => gpu.memoryUsedBytes).filter((bytes) => bytes !== null);
    if (used.length > 0)
      peaks.saw(
        "deviceVramUsedBytes",
        used.reduce((sum, bytes) => sum + bytes, 0),
      );
    peaks.saw("vramBytes", await readVramOf(current));
  });
  return async (tree: ReadonlySet<number>, force: boolean) => {
    current = tree;
    if (LINUX) await readPss(force);
    if (gpusAnswer) await readGpus(force);
  };
}

async function readTreeAndCount(options: SamplerOptions, peaks: PeakKeeper): Promise<ReadonlySet<number>> {
  const owner = "pid" in options ? { pid: options.pid } : await findListener(options.port);
  if (owner.pid === null) {
    peaks.note(owner.reason);
    return new Set();
  }
  const listed = LINUX ? null : ((await askProcesses([])) ?? []);
  const tree = treeOf([owner.pid], listed ?? (await readProcesses()) ?? []);
  const resident = (listed ?? []).filter((one) => tree.has(one.pid)).map((one) => one.rssBytes);
  if (resident.length > 0)
    peaks.saw(
      "rssBytes",
      resident.reduce((sum, bytes) => sum + bytes, 0),
    );
  peaks.sawProcesses(tree.size);
  return tree;
}

/** A reading that waits for its interval and for a hundred times its own last duration, unless it is forced. */
function paced(peaks: PeakKeeper, intervalMs: number, read: () => Promise<void>) {
  let notBefore = performance.now() + intervalMs;
  return async (force: boolean): Promise<void> => {
    const start = performance.now();
    if (start < notBefore && !force) return;
    await read();
    const tookMs = performance.now() - start;
    peaks.spent(tookMs);
    notBefore = start + Math.max(intervalMs, tookMs * PAUSE_FACTOR);
  };
}
