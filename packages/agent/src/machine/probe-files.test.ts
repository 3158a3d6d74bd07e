// The small readers of /proc and /sys, against folders made up like those of real kernels.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cgroupPaths, coresOfQuota, readCgroupLimits } from "./cgroup.ts";
import { cacheBytes, countOfList, readL3Bytes, readNumaNodes } from "./cpu-topology.ts";
import { joulesBetween, readEnergyCounters } from "./energy.ts";
import { chooseHostId, hashMachineId } from "./host-id.ts";
import { powerSourceOf, readPowerSource } from "./power-source.ts";
import { readPssBytes, readRssBytes } from "./process-memory.ts";
import { readCpuSensors } from "./sensors.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ozone-probe-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${text}\n`);
  }
  return root;
}

describe("cgroup limits", () => {
  it("takes the tightest limit on the way up (v2)", async () => {
    const folder = write({
      "cpu.max": "max 100000",
      "system.slice/cpu.max": "400000 100000",
      "system.slice/memory.max": "8589934592",
      "system.slice/ozone.service/cpu.max": "150000 100000",
      "system.slice/ozone.service/memory.max": "max",
    });
    const limits = await readCgroupLimits(folder, "0::/system.slice/ozone.service\n");
    expect(limits).toEqual({ cpuCores: 1.5, memoryBytes: 8_589_934_592 });
  });

  it("reads quotas and limits of v1, where a huge number means none", async () => {
    const folder = write({
      "cpu/docker/abc/cpu.cfs_quota_us": "200000",
      "cpu/docker/abc/cpu.cfs_period_us": "100000",
      "memory/memory.limit_in_bytes": "9223372036854771712",
      "memory/docker/abc/memory.limit_in_bytes": "1073741824",
    });
    const own = "4:memory:/docker/abc\n2:cpuacct,cpu:/docker/abc\n";
    expect(await readCgroupLimits(folder, own)).toEqual({ cpuCores: 2, memoryBytes: 1_073_741_824 });
  });

  it("finds the limits of a container whose path is that of the host", async () => {
    const folder = write({ "cpu.max": "300000 100000", "memory.max": "2147483648" });
    const limits = await readCgroupLimits(folder, "0::/kubepods/besteffort/pod1/abc\n");
    expect(limits).toEqual({ cpuCores: 3, memoryBytes: 2_147_483_648 });
  });

  it("knows no limit where nothing is readable", async () => {
    expect(await readCgroupLimits(join(root, "absent"), "")).toEqual({ cpuCores: null, memoryBytes: null });
  });

  it("reads paths and quotas", () => {
    expect(cgroupPaths("2:cpu,cpuacct:/a\n4:memory:/b\n0::/c\n")).toEqual({
      unified: "/c",
      cpu: "/a",
      memory: "/b",
    });
    expect([coresOfQuota("-1 100000"), coresOfQuota("max 100000"), coresOfQuota("50000 100000")]).toEqual([
      null,
      null,
      0.5,
    ]);
  });
});

describe("caches and memory nodes", () => {
  it("adds up the last-level caches, each once", async () => {
    const cache = (cpu: number, shared: string) => ({
      [`cpu${cpu}/cache/index2/level`]: "2",
      [`cpu${cpu}/cache/index2/size`]: "1024K",
      [`cpu${cpu}/cache/index3/level`]: "3",
      [`cpu${cpu}/cache/index3/size`]: "32768K",
      [`cpu${cpu}/cache/index3/shared_cpu_list`]: shared,
    });
    const folder = write({ ...cache(0, "0-1"), ...cache(1, "0-1"), ...cache(2, "2-3"), ...cache(3, "2-3") });
    expect(await readL3Bytes(folder)).toBe(64 * 1024 ** 2);
  });

  it("knows none where the kernel lists none", async () => {
    expect(await readL3Bytes(root)).toBeNull();
    expect(await readNumaNodes(join(root, "online"))).toBeNull();
  });

  it("counts lists and sizes", async () => {
    expect(["0", "0-1", "0-3,8,10-11", "", "x"].map(countOfList)).toEqual([1, 2, 7, 0, 0]);
    expect(["32768K", "32M", "", "7"].map(cacheBytes)).toEqual([33_554_432, 33_554_432, null, null]);
    expect(await readNumaNodes(join(write({ online: "0-1" }), "online"))).toBe(2);
  });
});

describe("power source", () => {
  const supply = (type: string, more = {}) => ({ type, online: "", status: "", scope: "", ...more });

  it.each([
    [
      "a laptop on battery",
      [supply("Battery", { status: "Discharging" }), supply("Mains", { online: "0" })],
      "battery",
    ],
    [
      "a laptop that charges",
      [supply("Battery", { status: "Charging" }), supply("Mains", { online: "1" })],
      "mains",
    ],
    [
      "a full laptop on a weak charger",
      [supply("Battery", { status: "Discharging" }), supply("USB", { online: "1" })],
      "mains",
    ],
    ["a laptop that holds its charge", [supply("Battery", { status: "Not charging" })], "mains"],
    ["a desktop with a mouse", [supply("Battery", { status: "Discharging", scope: "Device" })], "unknown"],
    ["a virtual machine", [], "unknown"],
  ])("%s", (_what, supplies, expected) => {
    expect(powerSourceOf(supplies)).toBe(expected);
  });

  it.runIf(process.platform === "linux")(
    "is read from the folder of the kernel, with a note when unknown",
    async () => {
      const notes: string[] = [];
      const folder = write({ "BAT0/type": "Battery", "BAT0/status": "Discharging" });
      expect(await readPowerSource(notes, folder)).toBe("battery");
      expect(await readPowerSource(notes, join(root, "absent"))).toBe("unknown");
      expect(notes).toHaveLength(1);
    },
  );
});

describe("host id", () => {
  const machineId = "3d1219c7c4c5404aaa1f6d2a48adfda4\n";
  const kept = "0123456789abcdef0123456789abcdef";

  it("is a salted hash that does not contain the machine id", () => {
    const { hostId, source } = chooseHostId(machineId, false, null);
    expect(source).toBe("machine-id");
    expect(hostId).toMatch(/^[0-9a-f]{32}$/);
    expect(hostId).not.toContain(machineId.slice(0, 8));
    expect(hostId).toBe(hashMachineId(machineId.trim().toUpperCase()));
  });

  it("prefers the machine id to what was kept: a copied data folder must not make two hosts one", () => {
    expect(chooseHostId(machineId, false, kept).hostId).toBe(hashMachineId(machineId));
  });

  it("uses what the caller kept in a container, whose machine id is that of its image", () => {
    expect(chooseHostId(machineId, true, kept)).toEqual({ hostId: kept, source: "persisted" });
  });

  it.each([null, "", "uninitialized", "00000000-0000-0000-0000-000000000000"])(
    "makes one up for the machine id %j",
    (id) => {
      const [first, second] = [chooseHostId(id, false, "not an id"), chooseHostId(id, false, null)];
      expect(first.source).toBe("generated");
      expect(first.hostId).toMatch(/^[0-9a-f]{32}$/);
      expect(first.hostId).not.toBe(second.hostId);
    },
  );
});

describe("energy counters", () => {
  const counter = (name: string, microjoules: number) => ({ name, microjoules, rangeMicrojoules: 1_000_000 });

  it("adds the packages up and survives a counter that starts again", () => {
    const before = [counter("intel-rapl:0", 900_000), counter("intel-rapl:1", 0)];
    const after = [counter("intel-rapl:1", 250_000), counter("intel-rapl:0", 100_000)];
    expect(joulesBetween(before, after)).toBeCloseTo(0.45);
  });

  it("knows nothing from readings that don't match", () => {
    expect(joulesBetween(null, [])).toBeNull();
    expect(joulesBetween([counter("a", 1)], [counter("b", 2)])).toBeNull();
  });

  it("reads packages only, and nothing where one may not be read", async () => {
    const folder = write({
      "intel-rapl:0/name": "package-0",
      "intel-rapl:0/energy_uj": "5000000",
      "intel-rapl:0/max_energy_range_uj": "262143328850",
      "intel-rapl:0:0/name": "core",
      "intel-rapl:0:0/energy_uj": "1",
    });
    expect(await readEnergyCounters(folder)).toEqual([
      { name: "intel-rapl:0", microjoules: 5_000_000, rangeMicrojoules: 262_143_328_850 },
    ]);
    rmSync(join(folder, "intel-rapl:0/energy_uj"));
    expect(await readEnergyCounters(folder)).toBeNull();
  });
});

describe("CPU sensors", () => {
  it("add up the throttle counters and name the governor", async () => {
    const folder = write({
      "cpu0/thermal_throttle/core_throttle_count": "3",
      "cpu1/thermal_throttle/core_throttle_count": "4",
      "cpu0/cpufreq/scaling_governor": "performance",
    });
    expect(await readCpuSensors([], folder)).toMatchObject({ throttleEvents: 7, governor: "performance" });
    expect(await readCpuSensors([], join(root, "absent"))).toMatchObject({
      throttleEvents: null,
      governor: "unknown",
    });
  });
});

describe("memory of processes", () => {
  it("is summed over those that still run", async () => {
    const folder = write({
      "7/status": "VmRSS:\t 2048 kB",
      "7/smaps_rollup": "Pss: 1024 kB",
      "8/status": "VmRSS:\t 1024 kB",
      "8/smaps_rollup": "Pss: 512 kB",
    });
    expect(readRssBytes([7, 8, 9], folder)).toBe(3 * 1024 ** 2);
    expect(await readPssBytes([7, 8, 9], folder)).toBe(1.5 * 1024 ** 2);
  });

  it("has no PSS when one process is not ours to read: a part would look like the whole", async () => {
    const folder = write({
      "7/status": "VmRSS:\t 2048 kB",
      "7/smaps_rollup": "Pss: 1024 kB",
      "8/status": "VmRSS:\t 9 kB",
    });
    expect(await readPssBytes([7, 8], folder)).toBeNull();
    expect(readRssBytes([9], folder)).toBeNull();
  });
});
