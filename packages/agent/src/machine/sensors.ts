// Temperature, clock and throttle counters of the CPU. Virtual machines and containers mostly have none: null then.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { askTemperatureAndClock, type Notes } from "./system-information.ts";

/** What the CPU's sensors say; null where unreadable. */
export type CpuSensors = {
  temperatureCelsius: number | null;
  /** Mean over all cores. */
  clockMhz: number | null;
  /** Times that any core was slowed down for heat since start (Intel); compare two readings. */
  throttleEvents: number | null;
  /** Frequency governor of the first core, for example "performance"; "unknown" where there is none. */
  governor: string;
};

/** Reads the sensors of this machine. */
export async function readCpuSensors(
  notes: Notes,
  cpuFolder = "/sys/devices/system/cpu",
): Promise<CpuSensors> {
  const [asked, throttleEvents, governor] = await Promise.all([
    askTemperatureAndClock(notes),
    readThrottleEvents(cpuFolder),
    readFile(join(cpuFolder, "cpu0/cpufreq/scaling_governor"), "utf8").then(
      (text) => text.trim(),
      () => "unknown",
    ),
  ]);
  return { ...asked, throttleEvents, governor };
}

/** Sum of the cores' counters; null when no core has one. */
async function readThrottleEvents(cpuFolder: string): Promise<number | null> {
  const cpus = (await readdir(cpuFolder).catch(() => [])).filter((name) => /^cpu\d+$/.test(name));
  const counts = await Promise.all(
    cpus.map((cpu) =>
      readFile(join(cpuFolder, cpu, "thermal_throttle/core_throttle_count"), "utf8").then(Number, () => null),
    ),
  );
  const known = counts.filter((count) => count !== null && Number.isFinite(count));
  return known.length === 0 ? null : known.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
