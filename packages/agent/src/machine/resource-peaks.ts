// The highest values that a resource sampler has seen.

/** Highest values seen; null where nothing could be read. */
export type ResourcePeaks = {
  /** Sum of RSS over the tree; pages that processes share are counted for each. */
  rssBytes: number | null;
  /** Sum of PSS over the tree: the true footprint. Needs the same user. */
  pssBytes: number | null;
  /** GPU memory of the tree, where the driver tells it by process. */
  vramBytes: number | null;
  /** GPU memory in use by anybody, summed over the GPUs. */
  deviceVramUsedBytes: number | null;
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
export type PeakName = "rssBytes" | "pssBytes" | "vramBytes" | "deviceVramUsedBytes";

/** Keeps the peaks while a sampler runs. */
export class PeakKeeper {
  readonly #notes = new Set<string>();
  readonly #peaks = {
    ...{ rssBytes: null, pssBytes: null, vramBytes: null, deviceVramUsedBytes: null },
    ...{ processes: 0, samples: 0, readingMs: 0 },
  } as Omit<ResourcePeaks, "notes">;

  /** Takes in a reading; null leaves the peak as it is. */
  saw(name: PeakName, bytes: number | null): void {
    if (bytes === null) return;
    if (name === "rssBytes") this.#peaks.samples += 1;
    this.#peaks[name] = Math.max(this.#peaks[name] ?? 0, bytes);
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
    return { ...this.#peaks, notes: [...this.#notes] };
  }
}
