// Temperature and clock of the CPU from Linux's /sys, cheap enough to be read while tokens are timed: the files are
// looked for once. Virtual machines and containers mostly have none: null then, and never the nominal clock.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One reading; null where there is no sensor. */
export type GaugeReading = {
  temperatureCelsius: number | null;
  /** Mean over all cores. */
  clockMhz: number | null;
};

/** A gauge whose files are known. */
export type CpuGauge = { read(): GaugeReading };

/** Drivers of sensors inside a CPU, by the name in /sys/class/hwmon. */
const CPU_SENSORS = /^(?:coretemp|k10temp|zenpower|cpu_thermal)$/;
/** The same among thermal zones, for systems without such a driver. */
const CPU_ZONES = /^(?:x86_pkg_temp|(?:cpu|soc)\d*[-_]?thermal.*)$/;

/** Looks for the sensors. */
export function openCpuGauge(sysRoot = "/sys"): CpuGauge {
  const temperatures = temperatureFiles(sysRoot);
  const cpus = join(sysRoot, "devices/system/cpu");
  const clocks = names(cpus)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => join(cpus, name, "cpufreq/scaling_cur_freq"));
  return {
    read() {
      const degrees = temperatures.map(positiveIn).filter((value) => value !== null);
      const kilohertz = clocks.map(positiveIn).filter((value) => value !== null);
      return {
        temperatureCelsius: degrees.length === 0 ? null : Math.max(...degrees) / 1000,
        clockMhz: kilohertz.length === 0 ? null : mean(kilohertz) / 1000,
      };
    },
  };
}

function temperatureFiles(sysRoot: string): string[] {
  const monitors = join(sysRoot, "class/hwmon");
  const inside = names(monitors)
    .map((name) => join(monitors, name))
    .filter((folder) => CPU_SENSORS.test(textIn(join(folder, "name"))))
    .flatMap((folder) =>
      names(folder)
        .filter((name) => /^temp\d+_input$/.test(name))
        .map((name) => join(folder, name)),
    );
  if (inside.length > 0) return inside;
  const zones = join(sysRoot, "class/thermal");
  return names(zones)
    .map((name) => join(zones, name))
    .filter((folder) => CPU_ZONES.test(textIn(join(folder, "type"))))
    .map((folder) => join(folder, "temp"));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no such class of devices on this machine
  }
}

function textIn(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return ""; // the sensor is not there, or asleep
  }
}

/** Null also for zero and below: what a sensor says that has nothing to say. */
function positiveIn(file: string): number | null {
  const text = textIn(file);
  return /^\d+$/.test(text) && Number(text) > 0 ? Number(text) : null;
}
