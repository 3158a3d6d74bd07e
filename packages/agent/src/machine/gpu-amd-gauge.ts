// What AMD GPUs do, and which processes hold their memory, from Linux's /sys: no tool is started, so that it is cheap
// enough to be read while tokens are timed. The cards are looked for once.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { GpuUse } from "./gpu-nvidia.ts";

const AMD = "0x1002";

/** Graphics inside a processor show the little that the firmware carved out of the main memory; no card has so little. */
const CARVE_OUT_MAX_BYTES = 1024 ** 3;

/** Readings of all AMD GPUs. */
export type AmdGauge = { read(): GpuUse[] };

/** Looks for the cards; null when there is none. */
export function openAmdGauge(sysRoot = "/sys"): AmdGauge | null {
  const devices = join(sysRoot, "bus/pci/devices");
  const cards = names(devices)
    .sort()
    .map((name) => join(devices, name))
    .filter((card) => textIn(card, "vendor") === AMD && /^0x(03|12)/.test(textIn(card, "class")))
    .map((card) => ({ card, monitor: join(card, "hwmon", names(join(card, "hwmon"))[0] ?? "none") }));
  if (cards.length === 0) return null;
  return { read: () => cards.map((one, index) => readCard(one, index)) };
}

/** amdgpu tells microwatts, thousandths of a degree and hertz. It has no bits for throttling that are the same everywhere. */
function readCard({ card, monitor }: { card: string; monitor: string }, index: number): GpuUse {
  const busyPercent = numberIn(card, "gpu_busy_percent");
  const watts = numberIn(monitor, "power1_average") ?? numberIn(monitor, "power1_input");
  const degrees = numberIn(monitor, "temp1_input");
  const hertz = numberIn(monitor, "freq1_input");
  return {
    index,
    busyShare: busyPercent === null ? null : busyPercent / 100,
    memoryUsedBytes: numberIn(card, "mem_info_vram_used"),
    temperatureCelsius: degrees === null ? null : degrees / 1000,
    clockMhz: hertz === null ? null : Math.round(hertz / 1e6),
    powerWatts: watts === null ? null : watts / 1e6,
    throttled: null,
    inPackage: (numberIn(card, "mem_info_vram_total") ?? Number.POSITIVE_INFINITY) <= CARVE_OUT_MAX_BYTES,
  };
}

/** Bytes of GPU memory by process id, as the ROCm driver lists its users; null where there is no such driver. */
export function readKfdProcesses(sysRoot = "/sys"): Map<number, number | null> | null {
  const folder = join(sysRoot, "class/kfd/kfd/proc");
  if (!names(join(sysRoot, "class/kfd/kfd")).includes("proc")) return null;
  const pids = names(folder).filter((name) => /^\d+$/.test(name));
  return new Map(
    pids.map((pid) => {
      const own = join(folder, pid);
      const amounts = names(own)
        .filter((name) => /^vram_\d+$/.test(name))
        .map((name) => numberIn(own, name))
        .filter((bytes) => bytes !== null);
      const bytes = amounts.length === 0 ? null : amounts.reduce((sum, value) => sum + value, 0);
      return [Number(pid), bytes] as const;
    }),
  );
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no such device, or it was unplugged
  }
}

function textIn(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), "utf8").trim();
  } catch {
    return ""; // which files a card has depends on its driver
  }
}

function numberIn(folder: string, name: string): number | null {
  const text = textIn(folder, name);
  return /^\d+$/.test(text) ? Number(text) : null;
}
