// What the GPUs are doing at one moment: through nvidia-smi, /sys for AMD cards, ioreg on a Mac. Null where nothing
// can be read.
import { onPlatform } from "@ozone/shared/platform";
import { openAmdGauge } from "./gpu-amd-gauge.ts";
import { readAppleUse } from "./gpu-apple.ts";
import { type GpuUse, readNvidiaUse } from "./gpu-nvidia.ts";
import { type RunTool, runTool } from "./run-tool.ts";

type ReadUse = (run: RunTool) => Promise<GpuUse[] | null>;

const readAmd: ReadUse = async () => openAmdGauge()?.read() ?? null;

/** Reads all GPUs' state. Cheap without GPUs; some 30 ms of another core with nvidia-smi. */
export async function readGpuUse(
  run: RunTool = runTool,
  platform: string = process.platform,
): Promise<GpuUse[] | null> {
  const readers = onPlatform<readonly ReadUse[]>(platform, {
    linux: [readNvidiaUse, readAmd],
    windows: [readNvidiaUse],
    macos: [readAppleUse],
    other: [readNvidiaUse],
  });
  const answers = await Promise.all(readers.map((read) => read(run)));
  const told = answers.filter((answer) => answer !== null);
  return told.length === 0 ? null : told.flat();
}
