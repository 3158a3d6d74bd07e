// GPUs of a Mac through system_profiler. On Apple silicon the GPU is part of the chip and shares its memory; older
// Macs carry Intel graphics and AMD cards.
import { factText, type GpuFacts } from "@ozone/shared/machine-facts";
import { gpuVendor, sharesMainMemory } from "./gpu-integrated.ts";
import type { GpuUse } from "./gpu-nvidia.ts";
import type { RunTool } from "./run-tool.ts";

/** Parses `system_profiler -json SPDisplaysDataType`; empty when it is no such text. */
export function parseSystemProfiler(stdout: string): GpuFacts[] {
  return displays(stdout).map((entry, index) => {
    const model = factText(entry.sppci_model ?? entry._name);
    const vendor = gpuVendor(entry.spdisplays_vendor, model);
    const unified = sharesMainMemory(vendor, model);
    const cores = Number(entry.sppci_cores);
    return {
      vendor,
      model,
      vramBytes: unified === true ? null : sizeBytes(entry.spdisplays_vram),
      driver: factText(entry.spdisplays_mtlgpufamilysupport),
      unified,
      cores: Number.isInteger(cores) && cores > 0 ? cores : null,
      index,
    };
  });
}

/** Asks system_profiler, which takes a second or two; null when it does not answer. */
export async function readAppleGpus(
  run: RunTool,
): Promise<{ gpus: GpuFacts[] | null; reason: string | null }> {
  const output = await run("system_profiler", ["-json", "SPDisplaysDataType"], 15_000);
  if (!output.ok) return { gpus: null, reason: output.reason };
  return { gpus: parseSystemProfiler(output.stdout), reason: null };
}

/** Parses `ioreg -r -d 1 -w 0 -c IOAccelerator`: one "PerformanceStatistics" for each GPU; other keys are not used. */
export function parseIoreg(stdout: string): GpuUse[] {
  const statistics = stdout.split("\n").filter((line) => line.includes('"PerformanceStatistics"'));
  return statistics.map((line, index) => {
    const number = (name: string): number | null => {
      const digits = new RegExp(`"${name}"\\s*=\\s*(\\d+)`).exec(line)?.[1];
      return digits === undefined ? null : Number(digits);
    };
    const busyPercent = number("Device Utilization %");
    return {
      index,
      busyShare: busyPercent === null ? null : busyPercent / 100,
      memoryUsedBytes: number("In use system memory"),
      temperatureCelsius: null,
      clockMhz: null,
      powerWatts: null,
      throttled: null,
    };
  });
}

/** Asks what a Mac's GPUs are doing; null when it does not answer. */
export async function readAppleUse(run: RunTool): Promise<GpuUse[] | null> {
  const output = await run("ioreg", ["-r", "-d", "1", "-w", "0", "-c", "IOAccelerator"]);
  return output.ok ? parseIoreg(output.stdout) : null;
}

function displays(stdout: string): Record<string, unknown>[] {
  try {
    const root = JSON.parse(stdout) as { SPDisplaysDataType?: unknown } | null;
    const list = root?.SPDisplaysDataType;
    if (!Array.isArray(list)) return [];
    return list.filter((entry) => typeof entry === "object" && entry !== null);
  } catch {
    return []; // not JSON: the tool said something else, and no GPU is known from it
  }
}

/** "8 GB" or "1536 MB". */
function sizeBytes(text: unknown): number | null {
  const match = typeof text === "string" ? /^(\d+)\s*(MB|GB)$/i.exec(text.trim()) : null;
  if (match === null) return null;
  return Number(match[1]) * (match[2]?.toUpperCase() === "GB" ? 1024 ** 3 : 1024 ** 2);
}
