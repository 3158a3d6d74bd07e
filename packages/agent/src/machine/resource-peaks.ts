// The highest values that a resource sampler has seen, and the lowest of what should not run out.

/** Extremes seen; null where nothing could be read. */
export type ResourcePeaks = {
  /** Sum of RSS over the tree; pages that processes share are counted for each. */
  rssBytes: number | null;
  /** Sum of PSS over the tree: the true footprint. Needs the same user. */
  pssBytes: number | null;
  /** GPU memory of the tree, where the driver tells it by process. */
  vramBytes: number | null;
  /** GPU memory in use by anybody, summed over the GPUs. */
  deviceVramUsedBytes: number | null;
  /** Least main memory that a new process could still have had. */
  leastAvailableBytes: number | null;
  /** Of the CPU or a GPU. */
  temperatureCelsius: number | null;
  /** Mean over all readings and all cores of the CPU. */
  clockMhz: number | null;
  /** Whether a GPU that worked was held back by heat or lack of power. */
  gpuThrottled: boolean | null;
  /** Use of the busiest GPU by others, 0 to 1. */
  foreignGpuShare: number | null;
  /** Energy of all GPUs meanwhile. */
  gpuJoules: number | null;
  /** Whether any GPU answered. */
  hasGpus: boolean;
  /** Most processes at one time. */
  processes: number;
  /** Number of RSS readings. */
  samples: number;
  /** Time spent in reading, waiting included: an upper bound of what the sampler cost. */
  readingMs: number;
  /** Why something is unknown. */
  notes: string[];
};

/** The values that have peaks. */
export type PeakName =
  | "rssBytes"
  | "pssBytes"
  | "vramBytes"
  | "deviceVramUsedBytes"
  | "temperatureCelsius"
  | "foreignGpuShare";

const NOTHING_SEEN: Omit<ResourcePeaks, "notes"> = {
  rssBytes: null,
  pssBytes: null,
  vramBytes: null,
  deviceVramUsedBytes: null,
  leastAvailableBytes: null,
  temperatureCelsius: null,
  clockMhz: null,
  gpuThrottled: null,
  foreignGpuShare: null,
  gpuJoules: null,
  hasGpus: false,
  processes: 0,
  samples: 0,
  readingMs: 0,
};

/** Keeps the peaks while a sampler runs. */
export class PeakKeeper {
  readonly #notes = new Set<string>();
  readonly #peaks = { ...NOTHING_SEEN };
  #clocks = { sum: 0, count: 0 };

  /** Takes in a reading; null leaves the peak as it is. */
  saw(name: PeakName, value: number | null): void {
    if (value === null) return;
    if (name === "rssBytes") this.#peaks.samples += 1;
    this.#peaks[name] = Math.max(this.#peaks[name] ?? 0, value);
  }

  /** Takes in how much main memory was available. */
  sawAvailable(bytes: number | null): void {
    if (bytes === null) return;
    this.#peaks.leastAvailableBytes = Math.min(this.#peaks.leastAvailableBytes ?? bytes, bytes);
  }

  /** Takes in a clock. */
  sawClock(mhz: number | null): void {
    if (mhz === null) return;
    this.#clocks = { sum: this.#clocks.sum + mhz, count: this.#clocks.count + 1 };
  }

  /** Takes in what the GPUs did over the whole time. */
  sawGpus(seen: Pick<ResourcePeaks, "gpuThrottled" | "gpuJoules">): void {
    Object.assign(this.#peaks, seen, { hasGpus: true });
  }

  /** Takes in the number of processes in the tree. */
  sawProcesses(count: number): void {
    this.#peaks.processes = Math.max(this.#peaks.processes, count);
  }

  /** Adds to the time spent in reading. */
  spent(ms: number): void {
    this.#peaks.readingMs += ms;
  }

  /** Remembers, once, why something is unknown. */
  note(sentence: string): void {
    this.#notes.add(sentence);
  }

  /** What was seen so far. */
  copy(): ResourcePeaks {
    const { sum, count } = this.#clocks;
    return { ...this.#peaks, clockMhz: count === 0 ? null : sum / count, notes: [...this.#notes] };
  }
}
