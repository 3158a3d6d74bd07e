// What readings mean, and that an unknown is never taken for a good sign.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { availableFrom } from "./available-memory.ts";
import { contendedOf, energyOf, eventsBetween, throttledOf } from "./contention.ts";
import { openCpuGauge } from "./cpu-gauge.ts";
import { driversOf, ownVramBytes } from "./gpu-totals.ts";
import { paced } from "./paced.ts";

let root = "";
afterEach(() => {
  if (root !== "") rmSync(root, { recursive: true, force: true });
  root = "";
});

function sysfs(files: Record<string, string>): string {
  root = mkdtempSync(join(tmpdir(), "ozone-sys-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${text}\n`);
  }
  return root;
}

describe("contention", () => {
  const quiet = { foreignLoadCores: 0.02, foreignGpuShare: 0.01, hasGpus: true };

  it("is a tenth of a core or a twentieth of a GPU used by others", () => {
    expect(contendedOf(quiet)).toBe(false);
    expect(contendedOf({ ...quiet, foreignLoadCores: 0.11 })).toBe(true);
    expect(contendedOf({ ...quiet, foreignGpuShare: 0.06 })).toBe(true);
  });

  it("is unknown where a part that exists can't be read, unless the rest is busy", () => {
    expect(contendedOf({ ...quiet, foreignGpuShare: null })).toBeNull();
    expect(contendedOf({ ...quiet, foreignGpuShare: null, hasGpus: false })).toBe(false);
    expect(contendedOf({ ...quiet, foreignLoadCores: null })).toBeNull();
    expect(contendedOf({ ...quiet, foreignLoadCores: null, foreignGpuShare: 0.5 })).toBe(true);
  });
});

describe("throttling", () => {
  it("is what counters and bits say, and nothing without them", () => {
    const cool = { cpuEvents: 0, gpuThrottled: false, hasGpus: true };
    expect(throttledOf(cool)).toBe(false);
    expect(throttledOf({ ...cool, cpuEvents: 3 })).toBe(true);
    expect(throttledOf({ ...cool, gpuThrottled: true })).toBe(true);
    expect(throttledOf({ ...cool, cpuEvents: null })).toBeNull();
    expect(throttledOf({ ...cool, gpuThrottled: null })).toBeNull();
    expect(throttledOf({ cpuEvents: 0, gpuThrottled: null, hasGpus: false })).toBe(false);
    expect(throttledOf({ cpuEvents: null, gpuThrottled: null, hasGpus: false })).toBeNull();
  });

  it("counts events only between readings of one boot", () => {
    expect(eventsBetween(5, 8)).toBe(3);
    expect(eventsBetween(5, 2)).toBeNull();
    expect(eventsBetween(null, 8)).toBeNull();
  });
});

describe("energy", () => {
  it("is that of all parts together, and absent when one is unknown or the machine was shared", () => {
    const told = { cpuJoules: 12, gpuJoules: 30, hasGpus: true, contended: false };
    expect(energyOf(told)).toBe(42);
    expect(energyOf({ ...told, hasGpus: false, gpuJoules: null })).toBe(12);
    expect(energyOf({ ...told, gpuJoules: null })).toBeNull();
    expect(energyOf({ ...told, cpuJoules: null })).toBeNull();
    expect(energyOf({ ...told, contended: true })).toBeNull();
    expect(energyOf({ ...told, contended: null })).toBeNull();
  });
});

describe("available memory", () => {
  const meminfo = "MemTotal:  8000 kB\nMemFree:  100 kB\nMemAvailable:    4000 kB\n";

  it("is the machine's, or what the cgroup has left beside its page cache", () => {
    const none = { meminfo, cgroupMax: null, cgroupCurrent: null, cgroupStat: null };
    expect(availableFrom(none)).toBe(4000 * 1024);
    expect(availableFrom({ ...none, cgroupMax: "max\n", cgroupCurrent: "5\n" })).toBe(4000 * 1024);
    const limited = { meminfo, cgroupMax: "1000000\n", cgroupCurrent: "900000\n" };
    expect(availableFrom({ ...limited, cgroupStat: "anon 1\ninactive_file 300000\n" })).toBe(400_000);
    expect(availableFrom({ ...limited, cgroupStat: null })).toBe(100_000);
  });

  it("is unknown where the system does not tell", () => {
    expect(
      availableFrom({ meminfo: null, cgroupMax: "1\n", cgroupCurrent: "1\n", cgroupStat: null }),
    ).toBeNull();
  });
});

describe("the CPU's gauge", () => {
  it("takes the hottest sensor inside the CPU and the mean of all clocks", () => {
    const folder = sysfs({
      "class/hwmon/hwmon0/name": "nvme",
      "class/hwmon/hwmon0/temp1_input": "90000",
      "class/hwmon/hwmon1/name": "coretemp",
      "class/hwmon/hwmon1/temp1_input": "61000",
      "class/hwmon/hwmon1/temp2_input": "64000",
      "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "3000000",
      "devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "2000000",
    });
    expect(openCpuGauge(folder).read()).toEqual({ temperatureCelsius: 64, clockMhz: 2500 });
  });

  it("takes the zone of the package where there is no such sensor, and nothing at all where there is none", () => {
    const folder = sysfs({
      "class/thermal/thermal_zone0/type": "acpitz",
      "class/thermal/thermal_zone0/temp": "20000",
      "class/thermal/thermal_zone1/type": "x86_pkg_temp",
      "class/thermal/thermal_zone1/temp": "55000",
    });
    expect(openCpuGauge(folder).read()).toEqual({ temperatureCelsius: 55, clockMhz: null });
    const nothing = { temperatureCelsius: null, clockMhz: null };
    expect(openCpuGauge(join(folder, "absent")).read()).toEqual(nothing);
  });
});

describe("GPUs together", () => {
  const gpu = (change: object) => ({
    ...{
      vendor: "nvidia",
      model: "x",
      vramBytes: 8e9,
      driver: "560.1",
      unified: false,
      cores: null,
      index: 0,
    },
    ...change,
  });

  it("have the memory of all that have their own, and each driver once", () => {
    const unified = gpu({ unified: true, vramBytes: null, vendor: "amd", driver: "unknown" });
    expect(ownVramBytes([gpu({}), gpu({}), unified])).toBe(16e9);
    expect(ownVramBytes([gpu({}), gpu({ vramBytes: null })])).toBeNull();
    expect(ownVramBytes([])).toBeNull();
    expect(driversOf([gpu({}), gpu({}), unified])).toBe("nvidia 560.1");
    expect(driversOf(null)).toBe("");
  });
});

describe("a paced reading", () => {
  it("waits for its interval, reads when it is forced, and says what it cost", async () => {
    const costs: number[] = [];
    let reads = 0;
    const read = paced({ spent: (ms) => void costs.push(ms) }, 60_000, async () => {
      reads += 1;
    });
    await read(false);
    expect(reads).toBe(0);
    await read(true);
    await read(false);
    expect(reads).toBe(1);
    expect(costs).toHaveLength(1);
  });
});
