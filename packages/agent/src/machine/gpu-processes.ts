// Which processes hold GPU memory and which of them use a GPU: NVIDIA's tool and AMD's driver list them.
import { onPlatform } from "@ozone/shared/platform";
import { readKfdProcesses } from "./gpu-amd-gauge.ts";
import { nvidiaSmi, readNvidiaProcesses } from "./gpu-nvidia.ts";
import { type RunTool, runTool } from "./run-tool.ts";

/** Share of one GPU that a process used of late, 0 to 1; null where the driver does not tell. */
export type GpuShare = { gpu: number; pid: number; share: number | null };

/**
 * Parses `nvidia-smi pmon -c 1 -s u`. Columns were added between releases, so they are found by their names; a GPU
 * without processes has a line of dashes.
 */
export function parsePmon(text: string): GpuShare[] {
  const lines = text.split("\n");
  const head = lines.find((line) => /^#\s+gpu\b/i.test(line)) ?? "";
  const columns = head.replace(/^#/, "").trim().split(/\s+/);
  const [gpuAt, pidAt, smAt] = ["gpu", "pid", "sm"].map((name) => columns.indexOf(name));
  if (gpuAt === undefined || pidAt === undefined || smAt === undefined || smAt < 0) return [];
  return lines.flatMap((line) => {
    const cells = line.trim().split(/\s+/);
    const [gpu, pid, sm] = [cells[gpuAt], cells[pidAt], cells[smAt]].map((cell) =>
      /^\d+$/.test(cell ?? "") ? Number(cell) : null,
    );
    if (line.startsWith("#") || gpu === null || gpu === undefined || pid === null || pid === undefined)
      return [];
    return [{ gpu, pid, share: sm === null || sm === undefined ? null : sm / 100 }];
  });
}

/** Asks which processes use NVIDIA GPUs; null when nobody can tell. */
export async function readGpuShares(run: RunTool = runTool): Promise<GpuShare[] | null> {
  const output = await nvidiaSmi(run, ["pmon", "-c", "1", "-s", "u"]);
  return output.ok ? parsePmon(output.stdout) : null;
}

const NOBODY = async (): Promise<null> => null;

/** Bytes of GPU memory by process id (null: the driver keeps the amount to itself); null when nobody can tell. */
export async function readGpuProcesses(
  run: RunTool = runTool,
  platform: string = process.platform,
): Promise<ReadonlyMap<number, number | null> | null> {
  const [nvidia, amd] = await Promise.all(
    onPlatform<readonly (() => Promise<Map<number, number | null> | null>)[]>(platform, {
      linux: [() => readNvidiaProcesses(run), async () => readKfdProcesses()],
      windows: [() => readNvidiaProcesses(run), NOBODY],
      macos: [NOBODY, NOBODY], // the GPU has no memory of its own
      other: [() => readNvidiaProcesses(run), NOBODY],
    }).map((read) => read()),
  );
  if (!nvidia && !amd) return null;
  return new Map([...(nvidia ?? []), ...(amd ?? [])]);
}

/**
 * GPU memory of a set of processes. Null when the driver does not list any of them: that may mean none, but inside a
 * container, or on Windows, it means that it can't be seen. Pure.
 */
export function vramOf(
  processes: ReadonlyMap<number, number | null> | null,
  own: ReadonlySet<number>,
): number | null {
  const amounts = [...(processes ?? [])].filter(([pid]) => own.has(pid)).map(([, bytes]) => bytes);
  const known = amounts.filter((bytes) => bytes !== null);
  return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0);
}

/** A GPU's use has no owner; up to this it does not matter whose it is. */
const QUIET_SHARE = 0.05;

/**
 * How much of the busiest GPU others used, 0 to 1; null when it can't be told. Pure.
 * @param busyShare of the busiest GPU, by anybody
 * @param shares what the driver tells of single processes
 */
export function foreignGpuShare(
  busyShare: number | null,
  shares: readonly GpuShare[] | null,
  own: ReadonlySet<number>,
): number | null {
  if (busyShare !== null && busyShare <= QUIET_SHARE) return busyShare;
  // A list in which none is known is that of a driver that does not tell; in a container it lists nobody at all.
  if (shares === null || shares.every(({ share }) => share === null)) return null;
  const byGpu = new Map<number, number>();
  for (const { gpu, pid, share } of shares) {
    if (!own.has(pid)) byGpu.set(gpu, (byGpu.get(gpu) ?? 0) + (share ?? 0));
  }
  return Math.min(1, Math.max(0, ...byGpu.values()));
}
