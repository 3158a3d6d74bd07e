// Whether other programs work on this machine: foreign load of its processor, and of its GPUs while nothing of ours runs.
import { readFileSync } from "node:fs";
import { type CpuSnapshot, foreignLoadCores, takeCpuSnapshot } from "../machine/foreign-load.ts";
import { readGpuUse } from "../machine/gpu-use.ts";

/** What others used over the last look; null: can't be told. */
export interface ForeignWork {
  readonly loadCores: number | null;
  /** Of the busiest GPU, 0 to 1. */
  readonly gpuShare: number | null;
}

/** Use of a GPU from which on somebody works with it: a desktop alone stays below. */
const GPU_BAR_SHARE = 0.25;

/** So many looks in a row: a moment's load is a daemon's, not a person's. */
const LOOKS_IN_A_ROW = 2;

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Remembers when others worked. Pure but for that. */
export class WorkMemory {
  readonly #barCores: number;
  #streak = 0;
  #last: { readonly atMs: number; readonly detail: string } | null = null;

  /** @param barCores load from which on somebody works, in cores */
  constructor(barCores: number) {
    this.#barCores = barCores;
  }

  /** Notes one look, on the monotonic clock. */
  see({ loadCores, gpuShare }: ForeignWork, atMs: number): void {
    const byLoad = (loadCores ?? 0) > this.#barCores;
    const byGpu = (gpuShare ?? 0) > GPU_BAR_SHARE;
    this.#streak = byLoad || byGpu ? this.#streak + 1 : 0;
    if (this.#streak < LOOKS_IN_A_ROW) return;
    const detail = byLoad
      ? `other programs use ${(loadCores ?? 0).toFixed(1)} cores`
      : `other programs use ${percent(gpuShare ?? 0)} of a GPU`;
    this.#last = { atMs, detail };
  }

  /** When others worked last and with what; null: never seen. */
  get last(): { readonly atMs: number; readonly detail: string } | null {
    return this.#last;
  }
}

/** Linux calls the parent of its own threads so: what they do for our reads of a disk is not somebody's work. */
const KERNEL_THREADS = 2;

function kernelThreads(): number[] {
  try {
    return readFileSync(`/proc/${KERNEL_THREADS}/stat`, "utf8").includes("(kthreadd)")
      ? [KERNEL_THREADS]
      : [];
  } catch {
    return []; // a container, where number 2 is anybody or nobody
  }
}

/** Reads what others do, from look to look. */
export class WorkGauge {
  #before: { readonly cpu: CpuSnapshot; readonly own: string } | null = null;
  #hasGpus = true;

  /** The next look begins anew: whose the load is has changed. */
  restart(): void {
    this.#before = null;
  }

  /**
   * Load since the last look. The first look tells no load.
   * @param engine process of the server whose work is ours now; null: its work is somebody's
   * @param ours whether a trial of ours runs: a GPU's use has no owner
   */
  async look(engine: number | null, ours: boolean): Promise<ForeignWork> {
    const own = [...kernelThreads(), ...(engine === null ? [] : [engine])];
    const cpu = await takeCpuSnapshot(own);
    const before = this.#before;
    this.#before = cpu === null ? null : { cpu, own: own.join(" ") };
    // Another server than before: what it has used so far is not of this interval.
    const comparable = before !== null && before.own === own.join(" ");
    const loadCores = cpu !== null && comparable ? foreignLoadCores(before.cpu, cpu) : null;
    return { loadCores, gpuShare: ours ? null : await this.#gpuShare() };
  }

  async #gpuShare(): Promise<number | null> {
    const gpus = this.#hasGpus ? await readGpuUse() : null;
    // Starting a tool that is not there again and again would be load itself.
    if (gpus === null) this.#hasGpus = false;
    const shares = (gpus ?? []).map(({ busyShare }) => busyShare).filter((share) => share !== null);
    return shares.length === 0 ? null : Math.max(...shares);
  }
}
