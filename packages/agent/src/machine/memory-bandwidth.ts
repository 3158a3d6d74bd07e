// Micro-probe of the memory's read bandwidth: decoding reads every active weight once a token, so this bounds its rate.
// How: workers read arrays several times larger than the last-level cache, with three ways of reading (memchr, memcmp,
// one load per cache line), alone and all together, in short windows; the best window counts. The result is a lower
// bound of what the hardware can do: `READ_CEILING_FACTOR` says how much more a plausibility check must allow.

import os from "node:os";
import { Worker } from "node:worker_threads";
import { onPlatform } from "@ozone/shared/platform";
import {
  BANDWIDTH_WORKER,
  READ_METHODS,
  type ReadDone,
  type ReadMethod,
  type ReadOrder,
} from "./bandwidth-worker.ts";

const MIB = 1024 ** 2;

/** More threads than this never read faster: the memory is busy before. Also bounds the time to start them. */
const MAX_THREADS = 16;

/** The arrays are never larger than this, nor (together, half of them read twice) than a quarter of what is free. */
const MAX_TOTAL_BYTES = 1024 * MIB;
const MIN_TOTAL_BYTES = 128 * MIB;

/**
 * A check may refuse a rate only above bandwidth times this. Seen on a 2-core virtual machine: 35 to 47 GB/s when it
 * was quiet, as much as AVX2 reads written in C; 21 to 31 GB/s while others compiled on it. So a probe at a bad moment
 * finds less than half, and 2.5 covers that with room for engines that use huge pages, which Node does not ask for.
 */
export const READ_CEILING_FACTOR = 2.5;

/** What the probe found. `bytesPerSecond`: best sum over all threads. */
export type BandwidthResult = {
  bytesPerSecond: number;
  /** The same from memory that fits the last-level cache; null when its size is unknown. */
  cacheBytesPerSecond: number | null;
  threads: number;
  method: string;
};

/** Options of `measureMemoryBandwidth`. */
export type BandwidthOptions = {
  /** Time to spend, start of the threads included; at most 1.5, 1.2 by default. */
  seconds?: number;
  /** Sum of the last-level caches; null when unknown, then 32 MiB are assumed. */
  l3Bytes?: number | null;
  /** Number of threads, by default what this process may use. */
  threads?: number;
  /** Memory that this process may take: the limit of its cgroup, null without one. */
  limitBytes?: number | null;
};

/**
 * Measures the read bandwidth of the main memory.
 * @returns null when workers can't be started or there is too little free memory for an honest answer
 */
export async function measureMemoryBandwidth(
  options: BandwidthOptions = {},
): Promise<BandwidthResult | null> {
  const endMs = performance.now() + Math.min(1.5, options.seconds ?? 1.2) * 1000;
  const threads = Math.max(1, Math.min(MAX_THREADS, options.threads ?? os.availableParallelism()));
  const availableBytes = Math.min(freeBytes(), (options.limitBytes ?? Number.POSITIVE_INFINITY) / 2);
  const plan = planArrays(options.l3Bytes ?? null, threads, availableBytes);
  if (plan === null) return null;
  const workers = plan.bytesByThread.map(startWorker);
  try {
    await Promise.all(workers.map((worker) => nextMessage(worker)));
    return await measure(workers, plan, endMs);
  } catch {
    return null; // a worker could not start or was killed for memory: the caller reports the bandwidth as unknown
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** How much memory each thread reads. */
export type ArrayPlan = { bytesByThread: number[]; cacheBytesPerThread: number | null };

/**
 * Arrays of together four times the last-level cache; the first thread takes half of that, since it also reads alone.
 * Null when so little memory is available that the arrays would be smaller than twice the cache, or than 128 MiB.
 */
export function planArrays(
  l3Bytes: number | null,
  threads: number,
  availableBytes: number,
): ArrayPlan | null {
  const cache = l3Bytes ?? 32 * MIB;
  const wanted = Math.min(MAX_TOTAL_BYTES, Math.max(MIN_TOTAL_BYTES, 4 * cache), availableBytes / 6);
  if (wanted < Math.max(MIN_TOTAL_BYTES, Math.min(2 * cache, MAX_TOTAL_BYTES))) return null;
  const share = roundToPiece(wanted / threads);
  const bytesByThread = Array.from({ length: threads }, (_, i) =>
    i === 0 ? Math.max(share, roundToPiece(wanted / 2)) : share,
  );
  const cacheShare = l3Bytes === null ? 0 : Math.floor(l3Bytes / 4 / threads / 4096) * 4096;
  return { bytesByThread, cacheBytesPerThread: cacheShare >= 64 * 1024 ? cacheShare : null };
}

/**
 * The most bytes per second that an honest reader of `workingSetBytes` can reach, for a check of plausibility. A model
 * that fits the caches (within four times, since part of it always does) may be read at their speed.
 */
export function readCeilingBytesPerSecond(
  memory: { bandwidthBytesPerSecond: number | null; cacheBandwidthBytesPerSecond: number | null },
  l3Bytes: number | null,
  workingSetBytes: number,
): number | null {
  if (memory.bandwidthBytesPerSecond === null) return null;
  const fits = l3Bytes === null || workingSetBytes < 4 * l3Bytes;
  if (!fits) return memory.bandwidthBytesPerSecond * READ_CEILING_FACTOR;
  const cache = memory.cacheBandwidthBytesPerSecond;
  return cache === null ? null : Math.max(cache, memory.bandwidthBytesPerSecond) * READ_CEILING_FACTOR;
}

async function measure(workers: Worker[], plan: ArrayPlan, endMs: number): Promise<BandwidthResult | null> {
  const best = { rate: 0, method: READ_METHODS[0] as ReadMethod, threads: 0 };
  const fromMemory = (i: number) => plan.bytesByThread[i] ?? 0;
  let cacheRate = 0;
  for (const { method, crew } of rounds(workers)) {
    const rate = await readTogether(crew, { method, windowMs: 40 }, fromMemory);
    if (rate > best.rate) Object.assign(best, { rate, method, threads: crew.length });
    const cacheShare = plan.cacheBytesPerThread;
    if (cacheShare !== null && crew === workers) {
      cacheRate = Math.max(cacheRate, await readTogether(crew, { method, windowMs: 10 }, () => cacheShare));
    }
    if (performance.now() > endMs - 60) break;
  }
  if (best.rate === 0) return null;
  const threads = best.threads === 1 ? "1 thread" : `${best.threads} threads`;
  return {
    bytesPerSecond: Math.round(best.rate),
    cacheBytesPerSecond: cacheRate > 0 ? Math.round(cacheRate) : null,
    threads: best.threads,
    method: `best window of ${READ_METHODS.join(", ")}: ${best.method}, ${threads}`,
  };
}

/** One thread alone with each method, then all of them with each method in turn, until the caller stops. */
function* rounds(all: Worker[]): Generator<{ method: ReadMethod; crew: Worker[] }> {
  for (const method of READ_METHODS) yield { method, crew: all.slice(0, 1) };
  for (;;) for (const method of READ_METHODS) yield { method, crew: all };
}

/** Lets workers read at the same time; the sum of their rates in bytes per second. */
async function readTogether(
  crew: readonly Worker[],
  order: Omit<ReadOrder, "spanBytes">,
  spanBytesOf: (thread: number) => number,
): Promise<number> {
  const answers = crew.map((worker, i) => {
    const answer = nextMessage(worker);
    worker.postMessage({ ...order, spanBytes: spanBytesOf(i) } satisfies ReadOrder);
    return answer as Promise<ReadDone>;
  });
  const done = await Promise.all(answers);
  return done.reduce((sum, { bytes, elapsedMs }) => sum + bytes / (elapsedMs / 1000), 0);
}

/** macOS counts only untouched pages as free and would never have enough; a quarter of all is a safe guess there. */
export const freeBytes = (platform: string = process.platform): number =>
  onPlatform(platform, {
    linux: os.freemem,
    windows: os.freemem,
    macos: () => os.totalmem() / 4,
    other: os.freemem,
  })();

function startWorker(bytes: number): Worker {
  return new Worker(BANDWIDTH_WORKER, {
    eval: true,
    workerData: { bytes },
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
}

function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      worker.off("message", onMessage).off("error", onEnd).off("exit", onEnd);
      finish();
    };
    const onMessage = (message: unknown) => settle(() => resolve(message));
    const onEnd = (reason: unknown) =>
      settle(() => reject(reason instanceof Error ? reason : new Error("the bandwidth worker ended early")));
    worker.on("message", onMessage).on("error", onEnd).on("exit", onEnd);
  });
}

function roundToPiece(bytes: number): number {
  return Math.max(8 * MIB, Math.floor(bytes / (8 * MIB)) * 8 * MIB);
}
