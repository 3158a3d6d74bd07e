// NVIDIA GPUs, their processes and their state through nvidia-smi. Parsing is pure; running the tool is the shell.
// Values that a GPU does not have come as "[N/A]", "[Not Supported]" or "[Unknown Error]" and become null.
import { factText, type GpuFacts } from "@ozone/shared/machine-facts";
import { onPlatform } from "@ozone/shared/platform";
import { sharesMainMemory } from "./gpu-integrated.ts";
import type { RunTool, ToolOutput } from "./run-tool.ts";

const MIB = 1024 ** 2;
const FACT_FIELDS = "index,name,memory.total,driver_version";
const USE_FIELDS = "index,utilization.gpu,memory.used,temperature.gpu,clocks.sm,power.draw";
const THROTTLE_FIELD = "clocks_throttle_reasons.active";
const FORMAT = "--format=csv,nounits";
const READ_EVERY_MS = 200;

/** What one GPU is doing right now; null where it does not say. */
export type GpuUse = {
  index: number;
  /** Share of the time in which the GPU was busy, 0 to 1. */
  busyShare: number | null;
  memoryUsedBytes: number | null;
  temperatureCelsius: number | null;
  clockMhz: number | null;
  powerWatts: number | null;
  /** True when the hardware holds its clock down because something is wrong: heat, or too little power. */
  throttled: boolean | null;
  /** Part of the processor's package, whose own counter has its energy already. */
  inPackage?: boolean;
};

/** Arguments with which nvidia-smi prints a row for each GPU again and again, until it is ended. */
export const NVIDIA_LOOP_ARGS: readonly string[] = [
  `--query-gpu=timestamp,${USE_FIELDS},${THROTTLE_FIELD}`,
  FORMAT,
  `--loop-ms=${READ_EVERY_MS}`,
];

/** The tool's own time of a row, "2026/11/25 01:02:03.456", in milliseconds; only differences mean something. */
export function nvidiaRowMs(line: string): number | null {
  const stamp = /^\s*(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3})/.exec(line);
  if (stamp === null) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, ms = 0] = stamp.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}

/** Parses `nvidia-smi --query-gpu=index,name,memory.total,driver_version --format=csv,nounits`. */
export function parseNvidiaGpus(csv: string): GpuFacts[] {
  return rows(csv).map((row) => {
    const model = factText(row.get("name"));
    const unified = sharesMainMemory("nvidia", model);
    const mib = numeric(row.get("memory.total"));
    return {
      vendor: "nvidia",
      model,
      vramBytes: mib === null || unified === true ? null : mib * MIB,
      driver: factText(text(row.get("driver_version"))),
      unified,
      cores: null,
      index: numeric(row.get("index")),
    };
  });
}

/** Parses the live values of each GPU; see `readNvidiaUse`. */
export function parseNvidiaUse(csv: string): GpuUse[] {
  return rows(csv).flatMap((row) => {
    const index = numeric(row.get("index"));
    if (index === null) return [];
    const busyPercent = numeric(row.get("utilization.gpu"));
    const usedMib = numeric(row.get("memory.used"));
    return {
      index,
      busyShare: busyPercent === null ? null : busyPercent / 100,
      memoryUsedBytes: usedMib === null ? null : usedMib * MIB,
      temperatureCelsius: numeric(row.get("temperature.gpu")),
      clockMhz: numeric(row.get("clocks.sm")),
      powerWatts: numeric(row.get("power.draw")),
      throttled: throttled(row.get(THROTTLE_FIELD)),
    };
  });
}

/**
 * Parses `nvidia-smi --query-compute-apps=pid,used_gpu_memory --format=csv,nounits` into bytes by process id. A
 * process on several GPUs is listed once for each, and summed. Null where the driver keeps the amount to itself
 * (Windows with WDDM).
 */
export function parseNvidiaProcesses(csv: string): Map<number, number | null> {
  const found = new Map<number, number | null>();
  for (const row of rows(csv)) {
    const pid = numeric(row.get("pid"));
    if (pid === null) continue;
    const mib = numeric(row.get("used_gpu_memory"));
    const before = found.get(pid) ?? null;
    found.set(pid, mib === null ? before : (before ?? 0) + mib * MIB);
  }
  return found;
}

/** Asks for the GPUs; `missing` when the tool is not installed. */
export async function readNvidiaGpus(
  run: RunTool,
): Promise<{ gpus: GpuFacts[] | null; reason: string | null; missing: boolean }> {
  const output = await nvidiaSmi(run, [`--query-gpu=${FACT_FIELDS}`, FORMAT]);
  if (!output.ok) return { gpus: null, reason: output.reason, missing: output.missing };
  return { gpus: parseNvidiaGpus(output.stdout), reason: null, missing: false };
}

/** Asks what the GPUs are doing; null when the tool does not answer. */
export async function readNvidiaUse(run: RunTool): Promise<GpuUse[] | null> {
  const all = await nvidiaSmi(run, [`--query-gpu=${USE_FIELDS},${THROTTLE_FIELD}`, FORMAT]);
  if (all.ok) return parseNvidiaUse(all.stdout);
  if (all.missing) return null;
  // One unknown field fails the whole query: a driver without the throttle bits still tells the rest.
  const fewer = await nvidiaSmi(run, [`--query-gpu=${USE_FIELDS}`, FORMAT]);
  return fewer.ok ? parseNvidiaUse(fewer.stdout) : null;
}

/** Asks which processes hold GPU memory; null when the tool does not answer. */
export async function readNvidiaProcesses(run: RunTool): Promise<Map<number, number | null> | null> {
  const output = await nvidiaSmi(run, ["--query-compute-apps=pid,used_gpu_memory", FORMAT]);
  return output.ok ? parseNvidiaProcesses(output.stdout) : null;
}

/** Where the tool is looked for: inside WSL it is outside the PATH of services. */
export const nvidiaPlaces = (platform: string = process.platform): readonly string[] =>
  onPlatform(platform, {
    linux: ["nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi"],
    windows: ["nvidia-smi"],
    macos: ["nvidia-smi"],
    other: ["nvidia-smi"],
  });

/** Runs the tool. */
export async function nvidiaSmi(
  run: RunTool,
  args: readonly string[],
  platform: string = process.platform,
): Promise<ToolOutput> {
  let last: ToolOutput = { ok: false, missing: true, reason: "nvidia-smi is not installed" };
  for (const place of nvidiaPlaces(platform)) {
    last = await run(place, args);
    if (last.ok || !last.missing) return last;
  }
  return { ...last, reason: "nvidia-smi is not installed" };
}

/** Rows of a CSV with a head line; "memory.total [MiB]" is found under "memory.total". */
function rows(csv: string): Map<string, string>[] {
  const lines = csv.split("\n").filter((line) => line.trim() !== "");
  const columns = (lines[0] ?? "").split(",").map((name) => name.replace(/\[.*\]/, "").trim());
  return lines.slice(1).map((line) => {
    const cells = line.split(",").map((cell) => cell.trim());
    return new Map(columns.map((name, position) => [name, cells[position] ?? ""]));
  });
}

function text(cell: string | undefined): string | undefined {
  return cell?.startsWith("[") ? undefined : cell;
}

function numeric(cell: string | undefined): number | null {
  return cell !== undefined && /^\d+(?:\.\d+)?$/.test(cell) ? Number(cell) : null;
}

/**
 * NVML bits: 0x8 hardware slowdown, 0x20 and 0x40 thermal, 0x80 power brake. 0x4, the power limit of the board, is
 * left out: under full load it is how most GPUs run all the time, not a machine in trouble.
 */
function throttled(cell: string | undefined): boolean | null {
  if (cell === undefined || !/^0x[0-9a-f]+$/i.test(cell)) return null;
  return (BigInt(cell) & 0xe8n) !== 0n;
}
