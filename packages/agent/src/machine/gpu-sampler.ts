// The GPUs' part of a resource sampler: their values in a row, and which processes use them.
import { foreignGpuShare, readGpuProcesses, readGpuShares, vramOf } from "./gpu-processes.ts";
import { GpuSeries } from "./gpu-series.ts";
import { readGpuUse } from "./gpu-use.ts";
import { gpusMayAnswer, watchGpus } from "./gpu-watch.ts";
import { isContainer } from "./host-id.ts";
import type { PeakKeeper } from "./resource-peaks.ts";

/** Watches from its making until `stop`. */
export class GpuSampler {
  readonly #peaks: PeakKeeper;
  readonly #series = new GpuSeries();
  readonly #startedAtMs = performance.now();
  readonly #watch = watchGpus((source, use, atMs) => this.#series.add(source, use, atMs));

  constructor(peaks: PeakKeeper) {
    this.#peaks = peaks;
  }

  /** The last reading of a sample that was shorter than the tool's start. */
  async readOnce(): Promise<void> {
    if (!this.#series.isEmpty || !gpusMayAnswer()) return;
    const use = await readGpuUse();
    if (use !== null) this.#series.add("once", use, performance.now());
  }

  /** Asks which processes hold memory and time; nothing on a machine whose GPUs have not answered. */
  async readProcesses(own: ReadonlySet<number>): Promise<void> {
    if (this.#series.isEmpty) return;
    this.#peaks.saw("vramBytes", vramOf(await readGpuProcesses(), own));
    const { busyShare } = this.#series.summary(0);
    // Only a GPU that works is worth the second tool; in a container its process ids may be those of the host.
    const unclear = foreignGpuShare(busyShare, null, own) === null && !(await isContainer());
    const shares = unclear ? await readGpuShares() : null;
    this.#peaks.saw("foreignGpuShare", foreignGpuShare(busyShare, shares, own));
  }

  /** Ends the watch and hands its sums on. */
  stop(): void {
    this.#watch.stop();
    if (this.#series.isEmpty) return;
    const seen = this.#series.summary(performance.now() - this.#startedAtMs);
    this.#peaks.saw("deviceVramUsedBytes", seen.peakMemoryUsedBytes);
    this.#peaks.saw("temperatureCelsius", seen.peakTemperatureCelsius);
    this.#peaks.sawGpus({ gpuThrottled: seen.throttled, gpuJoules: seen.joules });
  }
}
