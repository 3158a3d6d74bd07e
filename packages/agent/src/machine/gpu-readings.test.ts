// GPU readings from texts as the tools print them and files as the drivers show them; no GPU is needed.
import { EventEmitter } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAmdGauge, readKfdProcesses } from "./gpu-amd-gauge.ts";
import { parseIoreg } from "./gpu-apple.ts";
import type { GpuUse } from "./gpu-nvidia.ts";
import { foreignGpuShare, parsePmon, vramOf } from "./gpu-processes.ts";
import { GpuSeries } from "./gpu-series.ts";
import { readRows } from "./gpu-watch.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ozone-gpu-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${text}\n`);
  }
}

const reading = (change: Partial<GpuUse> = {}): GpuUse => ({
  index: 0,
  busyShare: 0.9,
  memoryUsedBytes: 1e9,
  temperatureCelsius: 60,
  clockMhz: 1500,
  powerWatts: 200,
  throttled: false,
  ...change,
});

const LOOP = [
  "timestamp, index, utilization.gpu [%], memory.used [MiB], temperature.gpu, clocks.sm [MHz], power.draw [W], clocks_throttle_reasons.active",
  "2026/11/25 01:02:03.100, 0, 97, 22310, 71, 2520, 400.00, 0x0000000000000004",
  "2026/11/25 01:02:03.300, 0, 99, 22312, 73, 2490, 420.00, 0x0000000000000040",
  "2026/11/25 01:02:03.500, 0, 98, 22312, 74, 2490, 410.00, 0x0000000000000004",
];

describe("nvidia-smi in a loop", () => {
  it("gives peaks, the throttling of any moment, and energy by the tool's own clock", () => {
    const series = new GpuSeries();
    const lines = new EventEmitter();
    readRows(lines, (source, use, atMs) => series.add(source, use, atMs));
    for (const line of LOOP) lines.emit("line", line);
    const seen = series.summary(500);
    expect(seen).toMatchObject({
      peakMemoryUsedBytes: 22312 * 1024 ** 2,
      peakTemperatureCelsius: 74,
      throttled: true,
    });
    expect(seen.busyShare).toBeCloseTo(0.98, 10);
    // 400 to 420 W, then 420 to 410 W: 412.5 W on average, over half a second.
    expect(seen.joules).toBeCloseTo(412.5 * 0.5, 9);
  });
});

describe("a row of GPU readings", () => {
  it("has no energy from too few readings, from a part of the time, or when one GPU keeps its power to itself", () => {
    const joules = (rows: readonly (readonly [readonly GpuUse[], number])[], windowMs: number) => {
      const series = new GpuSeries();
      for (const [use, atMs] of rows) series.add("nvidia", use, atMs);
      return series.summary(windowMs).joules;
    };
    const at = [0, 200, 400].map((ms) => [[reading()], ms] as const);
    expect(joules(at, 400)).toBeCloseTo(80, 9);
    expect(joules(at.slice(0, 2), 400)).toBeNull();
    expect(joules(at, 4_000)).toBeNull();
    const second = reading({ index: 1, powerWatts: null });
    expect(
      joules(
        at.map(([use, ms]) => [[...use, second], ms] as const),
        400,
      ),
    ).toBeNull();
  });

  it("leaves the energy of graphics inside the processor to the processor's own counter", () => {
    const series = new GpuSeries();
    for (const ms of [0, 200, 400]) {
      series.add("amd", [reading({ powerWatts: 30, inPackage: true })], ms);
      series.add("nvidia", [reading({ powerWatts: 100 })], ms);
    }
    expect(series.summary(1_000 * 0.4).joules).toBeCloseTo(40, 9);
  });

  it("does not call an idle GPU throttled, and knows nothing where no bits are told", () => {
    const throttled = (use: GpuUse) => {
      const series = new GpuSeries();
      series.add("nvidia", [use], 0);
      return series.summary(1).throttled;
    };
    expect(throttled(reading({ throttled: true, busyShare: 0 }))).toBe(false);
    expect(throttled(reading({ throttled: true }))).toBe(true);
    expect(throttled(reading({ throttled: null }))).toBeNull();
    expect(new GpuSeries().summary(1)).toMatchObject({ throttled: null, joules: null, busyShare: null });
  });
});

const PMON = `# gpu         pid   type     sm    mem    enc    dec    jpg    ofa    command
# Idx           #    C/G      %      %      %      %      %      %    name
    0       4242     C     62     31      -      -      -      -    ollama
    0        999     G      7      2      -      -      -      -    Xorg
    1          -     -      -      -      -      -      -      -    -
`;

describe("processes on a GPU", () => {
  it("are read with their share of each GPU", () => {
    expect(parsePmon(PMON)).toEqual([
      { gpu: 0, pid: 4242, share: 0.62 },
      { gpu: 0, pid: 999, share: 0.07 },
    ]);
    expect(parsePmon("Not supported on the device(s)")).toEqual([]);
  });

  it("tell how much of a busy GPU others used", () => {
    const shares = parsePmon(PMON);
    expect(foreignGpuShare(0.7, shares, new Set([4242]))).toBe(0.07);
    expect(foreignGpuShare(0.7, shares, new Set([4242, 999]))).toBe(0);
    expect(foreignGpuShare(0.7, shares, new Set())).toBeCloseTo(0.69, 10);
  });

  it("need not be known while the GPU does nothing, and leave it unknown where no share is told", () => {
    expect(foreignGpuShare(0.03, null, new Set())).toBe(0.03);
    expect(foreignGpuShare(0.7, null, new Set())).toBeNull();
    expect(foreignGpuShare(0.7, [], new Set())).toBeNull();
    expect(foreignGpuShare(0.7, [{ gpu: 0, pid: 7, share: null }], new Set([7]))).toBeNull();
  });

  it("add up to the memory of a tree, unknown when none of it is listed", () => {
    const processes = new Map([
      [1, 100],
      [2, null],
      [3, 50],
    ]);
    expect(vramOf(processes, new Set([1, 2, 3]))).toBe(150);
    expect(vramOf(processes, new Set([2]))).toBeNull();
    expect(vramOf(null, new Set([1]))).toBeNull();
  });
});

describe("AMD cards in /sys", () => {
  it("tell use, memory, heat, clock and power in their own units", () => {
    const card = "bus/pci/devices/0000:03:00.0";
    write({
      [`${card}/class`]: "0x030000",
      [`${card}/vendor`]: "0x1002",
      [`${card}/gpu_busy_percent`]: "7",
      [`${card}/mem_info_vram_total`]: "25753026560",
      [`${card}/mem_info_vram_used`]: "1048576",
      [`${card}/hwmon/hwmon4/temp1_input`]: "54000",
      [`${card}/hwmon/hwmon4/power1_average`]: "18000000",
      [`${card}/hwmon/hwmon4/freq1_input`]: "2482000000",
      "bus/pci/devices/0000:04:00.0/class": "0x020000",
      "bus/pci/devices/0000:04:00.0/vendor": "0x1002",
    });
    expect(openAmdGauge(root)?.read()).toEqual([
      {
        index: 0,
        busyShare: 0.07,
        memoryUsedBytes: 1_048_576,
        temperatureCelsius: 54,
        clockMhz: 2482,
        powerWatts: 18,
        throttled: null,
        inPackage: false,
      },
    ]);
    expect(openAmdGauge(join(root, "absent"))).toBeNull();
  });

  it("list the memory of each process that ROCm serves, over all cards", () => {
    const folder = "class/kfd/kfd/proc";
    write({
      [`${folder}/321/vram_51110`]: "4096",
      [`${folder}/321/vram_9`]: "1000",
      [`${folder}/7/pasid`]: "1",
    });
    expect([...(readKfdProcesses(root) ?? [])].sort(([a], [b]) => a - b)).toEqual([
      [7, null],
      [321, 5096],
    ]);
    expect(readKfdProcesses(join(root, "absent"))).toBeNull();
  });
});

describe("ioreg on a Mac", () => {
  it("tells use and memory of the GPU", () => {
    const text = `+-o AGXAcceleratorG13X  <class AGXAcceleratorG13X, id 0x100000406>
    {
      "PerformanceStatistics" = {"In use system memory (driver)"=0,"Alloc system memory"=3426779136,"Tiler Utilization %"=3,"Renderer Utilization %"=11,"Device Utilization %"=12,"In use system memory"=811303936}
    }
`;
    expect(parseIoreg(text)).toEqual([
      expect.objectContaining({ index: 0, busyShare: 0.12, memoryUsedBytes: 811_303_936, powerWatts: null }),
    ]);
    expect(parseIoreg("")).toEqual([]);
  });
});
