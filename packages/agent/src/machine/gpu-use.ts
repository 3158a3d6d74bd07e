// What the GPUs are doing: through nvidia-smi, and through /sys for AMD cards. Null where nothing can be read.
import { type GpuUse, readNvidiaProcesses, readNvidiaUse } from "./gpu-nvidia.ts";
import { readPciGpus } from "./gpu-pci.ts";
import { type RunTool, runTool } from "./run-tool.ts";

/** Reads all GPUs' state. Cheap without GPUs; some 30 ms of another core with nvidia-smi. */
export async function readGpuUse(run: RunTool = runTool): Promise<GpuUse[] | null> {
  const [nvidia, pci] = await Promise.all([
    process.platform === "darwin" ? null : readNvidiaUse(run),
    process.platform === "linux" ? readPciGpus() : null,
  ]);
  const amd = (pci ?? [])
    .filter((gpu) => gpu.vendor === "amd")
    .map((gpu, index) => ({
      index,
      busyShare: gpu.busyShare,
      memoryUsedBytes: gpu.vramUsedBytes,
      temperatureCelsius: null,
      clockMhz: null,
      powerWatts: null,
      throttled: null,
    }));
  if (nvidia === null && amd.length === 0) return null;
  return [...(nvidia ?? []), ...amd];
}

/**
 * GPU memory of a set of processes. Null when the driver does not list any of them: that may mean none, but inside a
 * container, or on Windows, it means that it can't be seen.
 */
export async function readVramOf(pids: ReadonlySet<number>, run: RunTool = runTool): Promise<number | null> {
  const processes = await readNvidiaProcesses(run);
  const own = [...(processes ?? [])].filter(([pid]) => pids.has(pid)).map(([, bytes]) => bytes);
  const known = own.filter((bytes) => bytes !== null);
  return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0);
}

/** Number of processes that use a GPU and are not ours; null when nobody can tell. */
export async function countForeignGpuProcesses(
  own: ReadonlySet<number>,
  run: RunTool = runTool,
): Promise<number | null> {
  const processes = await readNvidiaProcesses(run);
  return processes === null ? null : [...processes.keys()].filter((pid) => !own.has(pid)).length;
}
