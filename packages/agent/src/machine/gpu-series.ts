// What a row of GPU readings says about the time between the first and the last of them. Pure.
import type { GpuUse } from "./gpu-nvidia.ts";

/** Peaks and sums over all GPUs; null where nothing could be read. */
export type GpuSummary = {
  /** In use by anybody, summed over the GPUs, at its peak. */
  peakMemoryUsedBytes: number | null;
  peakTemperatureCelsius: number | null;
  /** Mean over the readings, of the busiest GPU. */
  busyShare: number | null;
  /** Whether a GPU that worked was held back by heat or lack of power. */
  throttled: boolean | null;
  /** Energy of all GPUs over a window, from their power: null unless each GPU was read often enough. */
  joules: number | null;
};

/** A GPU below this does nothing that could be slowed down. */
const BUSY_SHARE = 0.05;

/** Power is taken for energy only from so many readings over this share of the window. */
const POWER_READINGS_MIN = 3;
const POWER_COVERED_MIN = 0.5;

type Reading = GpuUse & { atMs: number };

/** Collects the readings of one sample. */
export class GpuSeries {
  readonly #byGpu = new Map<string, Reading[]>();

  /** Takes in one reading of some or all GPUs of a source, made at a time of the source's own clock. */
  add(source: string, use: readonly GpuUse[], atMs: number): void {
    for (const gpu of use) {
      const key = `${source} ${gpu.index}`;
      this.#byGpu.set(key, [...(this.#byGpu.get(key) ?? []), { ...gpu, atMs }]);
    }
  }

  /** Whether there was any reading. */
  get isEmpty(): boolean {
    return this.#byGpu.size === 0;
  }

  /** The summary; `windowMs` is how long the sample took. */
  summary(windowMs: number): GpuSummary {
    const gpus = [...this.#byGpu.values()];
    const all = gpus.flat();
    return {
      peakMemoryUsedBytes: sumOfKnown(
        gpus.map((readings) => peak(readings.map((one) => one.memoryUsedBytes))),
      ),
      peakTemperatureCelsius: peak(all.map((one) => one.temperatureCelsius)),
      busyShare: peak(gpus.map((readings) => mean(readings.map((one) => one.busyShare)))),
      throttled: throttledIn(all),
      joules: joulesOf(gpus, windowMs),
    };
  }
}

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

function peak(values: readonly (number | null)[]): number | null {
  const seen = known(values);
  return seen.length === 0 ? null : Math.max(...seen);
}

function mean(values: readonly (number | null)[]): number | null {
  const seen = known(values);
  return seen.length === 0 ? null : seen.reduce((sum, value) => sum + value, 0) / seen.length;
}

function sumOfKnown(values: readonly (number | null)[]): number | null {
  const seen = known(values);
  return seen.length === 0 ? null : seen.reduce((sum, value) => sum + value, 0);
}

function throttledIn(readings: readonly Reading[]): boolean | null {
  const told = readings.filter(({ throttled }) => throttled !== null);
  if (told.length === 0) return null;
  return told.some(({ throttled, busyShare }) => throttled === true && (busyShare ?? 1) > BUSY_SHARE);
}

function joulesOf(gpus: readonly Reading[][], windowMs: number): number | null {
  let joules = 0;
  const own = gpus.filter((readings) => readings.every(({ inPackage }) => inPackage !== true));
  for (const readings of own) {
    const watts = meanWatts(readings, windowMs);
    if (watts === null) return null; // a part would look like the whole
    joules += (watts * windowMs) / 1000;
  }
  return own.length === 0 ? null : joules;
}

/** Mean power by time (trapezoids between readings). */
function meanWatts(readings: readonly Reading[], windowMs: number): number | null {
  const points = readings.filter((one) => one.powerWatts !== null).sort((a, b) => a.atMs - b.atMs);
  const [first, last] = [points[0], points[points.length - 1]];
  if (first === undefined || last === undefined || points.length < POWER_READINGS_MIN) return null;
  const spanMs = last.atMs - first.atMs;
  if (!(spanMs > 0) || spanMs < POWER_COVERED_MIN * windowMs) return null;
  const area = points.slice(1).reduce((sum, point, at) => {
    const before = points[at] ?? point;
    return sum + ((point.atMs - before.atMs) * ((point.powerWatts ?? 0) + (before.powerWatts ?? 0))) / 2;
  }, 0);
  return area / spanMs;
}
