// Watches the memory of a process tree, heat, clocks and GPUs during a sample and keeps the extremes. It must not
// disturb what it watches: what is cheap is read ten times a second, each kind of slow reading waits five hundred times
// as long as its last one took (the kernel walks 4 GiB of small pages in 75 ms for one PSS), and what starts tools or
// walks page tables runs beside the event loop that times tokens.

import { setTimeout as delay } from "node:timers/promises";
import { openMemoryGauge } from "./available-memory.ts";
import { openCpuGauge } from "./cpu-gauge.ts";
import { GpuSampler } from "./gpu-sampler.ts";
import { findListener } from "./listening-port.ts";
import { paced } from "./paced.ts";
import { hasProc } from "./proc.ts";
import { readPssBytes, readRssBytes } from "./process-memory.ts";
import { readProcesses, treeOf } from "./process-tree.ts";
import { PeakKeeper, type ResourcePeaks } from "./resource-peaks.ts";
import { askProcesses } from "./system-information.ts";

/** A running sampler. */
export type ResourceSampler = {
  /** Extremes so far; those of the GPUs come with the end. */
  peaks(): ResourcePeaks;
  /** Takes a last reading and stops. May be called more than once. */
  stop(): Promise<ResourcePeaks>;
};

/** Options of `startResourceSampler`: the tree below `pid`, or below whoever listens on `port`. */
export type SamplerOptions = ({ pid: number } | { port: number }) & {
  /** Pace of the cheap readings; 100 ms by default, and no faster than 2 s off Linux, where each starts a tool. */
  intervalMs?: number;
};

const FAST_INTERVAL_MS = 100;
const SLOW_INTERVAL_MS = 2000;
const TOOL_INTERVAL_MS = 2000;
/** Runners come and go with loads, not inside a sample; listing all processes of a machine takes milliseconds. */
const TREE_INTERVAL_MS = 10_000;

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
  const proc = hasProc();
  const intervalMs = proc ? (options.intervalMs ?? FAST_INTERVAL_MS) : TOOL_INTERVAL_MS;
  let tree: ReadonlySet<number> = new Set();
  const findTree = paced(peaks, proc ? TREE_INTERVAL_MS : TOOL_INTERVAL_MS, async () => {
    tree = await readTreeAndCount(options, peaks, proc);
  });
  const readCheap = cheapReader(peaks, proc);
  const gpus = new GpuSampler(peaks);
  const readSensors = proc ? sensorReader(peaks) : async () => undefined;
  const readBeside = besideReader(peaks, gpus, proc);
  let beside: Promise<void> | null = null;
  for (let round = 0, last = false; ; round += 1, last = stopping.aborted) {
    await findTree(round === 0 || last);
    await readSensors(round === 0 || last);
    readCheap(tree);
    beside ??= readBeside(tree, last).finally(() => {
      beside = null;
    });
    if (last) break;
    await delay(intervalMs, undefined, { signal: stopping, ref: false }).catch(() => {}); // rejects only because we stop
  }
  await beside;
  gpus.stop();
}

/** Some 50 us: two small files. */
function cheapReader(peaks: PeakKeeper, proc: boolean) {
  const readAvailable = openMemoryGauge();
  return (tree: ReadonlySet<number>): void => {
    const start = performance.now();
    if (proc) peaks.saw("rssBytes", readRssBytes(tree));
    peaks.sawAvailable(readAvailable());
    peaks.spent(performance.now() - start);
  };
}

function sensorReader(peaks: PeakKeeper) {
  const gauge = openCpuGauge();
  return paced(peaks, SLOW_INTERVAL_MS, async () => {
    const { temperatureCelsius, clockMhz } = gauge.read();
    peaks.saw("temperatureCelsius", temperatureCelsius);
    peaks.sawClock(clockMhz);
  });
}

/** PSS and what processes do on GPUs, one after the other. */
function besideReader(peaks: PeakKeeper, gpus: GpuSampler, proc: boolean) {
  let current: ReadonlySet<number> = new Set();
  // A sample shorter than the interval has one PSS reading, the forced one at its end: memory rarely shrinks before.
  const readPss = paced(peaks, SLOW_INTERVAL_MS, async () => {
    const pss = await readPssBytes(current);
    if (pss === null && current.size > 0)
      peaks.note("The PSS is unknown: the processes belong to another user.");
    peaks.saw("pssBytes", pss);
  });
  const readGpus = paced(peaks, TOOL_INTERVAL_MS, () => gpus.readProcesses(current));
  return async (tree: ReadonlySet<number>, force: boolean) => {
    current = tree;
    if (proc) await readPss(force);
    if (force) await gpus.readOnce();
    await readGpus(force);
  };
}

async function readTreeAndCount(
  options: SamplerOptions,
  peaks: PeakKeeper,
  proc: boolean,
): Promise<ReadonlySet<number>> {
  const owner = "pid" in options ? { pid: options.pid } : await findListener(options.port);
  if (owner.pid === null) {
    peaks.note(owner.reason);
    return new Set();
  }
  const listed = proc ? null : ((await askProcesses([])) ?? []);
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
