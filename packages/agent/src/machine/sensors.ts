// Temperature, clock and throttle counters of the CPU. Virtual machines and containers mostly have none: null then.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { onPlatform } from "@ozone/shared/platform";
import { openCpuGauge } from "./cpu-gauge.ts";
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
  platform: string = process.platform,
): Promise<CpuSensors> {
  const [asked, throttleEvents, governor] = await Promise.all([
    readTemperatureAndClock(notes, platform),
    readThrottleEvents(cpuFolder),
    readFile(join(cpuFolder, "cpu0/cpufreq/scaling_governor"), "utf8").then(
      (text) => text.trim(),
      () => "unknown",
    ),
  ]);
  return { ...asked, throttleEvents, governor };
}

/** Elsewhere a tool has to be started, which takes up to seconds: good enough before an attempt, not during one. */
const readTemperatureAndClock = (notes: Notes, platform: string) =>
  onPlatform(platform, {
    linux: async () => openCpuGauge().read(),
    macos: () => askTemperatureAndClock(notes),
    windows: () => askTemperatureAndClock(notes),
    other: () => askTemperatureAndClock(notes),
  })();

const COUNTERS = ["core_throttle_count", "package_throttle_count"];

/** Sum of the counters of cores and packages; null when no core has one. Two readings of one machine compare. */
export async function readThrottleEvents(cpuFolder = "/sys/devices/system/cpu"): Promise<number | null> {
  const cpus = (await readdir(cpuFolder).catch(() => [])).filter((name) => /^cpu\d+$/.test(name));
  const files = cpus.flatMap((cpu) => COUNTERS.map((name) => join(cpuFolder, cpu, "thermal_throttle", name)));
  const counts = await Promise.all(files.map((file) => readFile(file, "utf8").then(Number, () => null)));
  const known = counts.filter((count) => count !== null && Number.isFinite(count));
  return known.length === 0 ? null : known.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
