import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GpuFacts } from "@ozone/shared/machine-facts";
import { afterEach, describe, expect, it } from "vitest";
import { sharesMainMemory } from "./gpu-integrated.ts";
import { type PciGpu, readPciGpus } from "./gpu-pci.ts";
import { type GpuSources, mergeGpus } from "./gpus.ts";

const GIB = 1024 ** 3;
const none: GpuSources = { platform: "linux", nvidia: null, amd: null, apple: null, pci: null, listed: null };

const rtx4090: GpuFacts = {
  vendor: "nvidia",
  model: "NVIDIA GeForce RTX 4090",
  vramBytes: 24 * GIB,
  driver: "550",
  unified: false,
  cores: null,
  index: 0,
};

function onBus(
  vendor: PciGpu["vendor"],
  deviceId: string,
  vramBytes: number | null,
  busAddress = "0000:03:00.0",
): PciGpu {
  return {
    busAddress,
    vendor,
    deviceId,
    vramBytes,
    kernelDriver: "driver",
  };
}

describe("mergeGpus", () => {
  it("does not call a machine without GPUs what could not be asked", () => {
    expect(mergeGpus(none).gpus).toBeNull();
    expect(mergeGpus({ ...none, pci: [] })).toEqual({ gpus: [], notes: [] });
  });

  it("believes the maker's tool and drops the same card from the bus", () => {
    const { gpus } = mergeGpus({ ...none, nvidia: [rtx4090], pci: [onBus("nvidia", "2684", null)] });
    expect(gpus).toEqual([rtx4090]);
  });

  it("reports a card that is there without its tool, with a note that names the tool", () => {
    const { gpus, notes } = mergeGpus({ ...none, pci: [onBus("nvidia", "2684", null)] });
    expect(gpus).toEqual([
      expect.objectContaining({ vendor: "nvidia", model: "device 2684", vramBytes: null }),
    ]);
    expect(notes.join()).toContain("nvidia-smi");
  });

  it("takes an AMD card's memory from the bus and its name from the listing of the same slot", () => {
    const listed = [
      { vendor: "AMD", model: "Navi 31 [Radeon RX 7900 XT/7900 XTX]", busAddress: "03:00.0", vram: 256 },
    ];
    const { gpus } = mergeGpus({ ...none, pci: [onBus("amd", "744c", 24 * GIB)], listed });
    expect(gpus).toEqual([
      expect.objectContaining({
        model: "Navi 31 [Radeon RX 7900 XT/7900 XTX]",
        vramBytes: 24 * GIB,
        unified: false,
      }),
    ]);
  });

  it("takes the little memory that an APU carves out for no VRAM", () => {
    const { gpus } = mergeGpus({ ...none, pci: [onBus("amd", "164e", 512 * 1024 ** 2)] });
    expect(gpus).toEqual([expect.objectContaining({ unified: true, vramBytes: null })]);
  });

  it("does not believe the 32-bit size that Windows reports for a card of 4 GiB or more", () => {
    const listed = [
      { vendor: "Advanced Micro Devices, Inc.", model: "AMD Radeon RX 6700 XT", vram: 4095 },
      { vendor: "Advanced Micro Devices, Inc.", model: "AMD Radeon RX 6600", vram: 8176 },
    ];
    const { gpus, notes } = mergeGpus({ ...none, platform: "windows", listed });
    expect(gpus?.map((gpu) => gpu.vramBytes)).toEqual([null, 8176 * 1024 ** 2]);
    expect(notes).toHaveLength(1);
  });

  it("drops virtual and remote adapters and integrated memory", () => {
    const listed = [
      { vendor: "Microsoft", model: "Microsoft Basic Display Adapter", vram: 128 },
      { vendor: "VMware", model: "SVGA 3D", vram: 16 },
      { vendor: "Intel Corporation", model: "Intel(R) Iris(R) Xe Graphics", vram: 16384 },
    ];
    const { gpus } = mergeGpus({ ...none, platform: "windows", listed });
    expect(gpus).toEqual([expect.objectContaining({ vendor: "intel", unified: true, vramBytes: null })]);
  });
});

describe("sharesMainMemory", () => {
  it.each<[string, string, boolean | null]>([
    ["amd", "AMD Radeon(TM) Graphics", true],
    ["amd", "AMD Radeon 780M Graphics", true],
    ["amd", "AMD Radeon RX Vega 56", false],
    ["amd", "AMD Radeon Vega 8 Graphics", true],
    ["amd", "AMD Radeon RX 7600M XT", false],
    ["amd", "AMD Radeon Pro W7900", false],
    ["amd", "Strix [Radeon 880M / 890M]", true],
    ["amd", "device 744c", null],
    ["intel", "Intel(R) UHD Graphics 770", true],
    ["intel", "Intel(R) Arc(TM) A770 Graphics", false],
    ["intel", "Intel(R) Arc(TM) B580 Graphics", false],
    ["intel", "Intel(R) Arc(TM) 140V GPU (16GB)", true],
    ["nvidia", "NVIDIA GeForce RTX 3080 Laptop GPU", false],
    ["nvidia", "NVIDIA GB10", true],
    ["nvidia", "Orin (nvgpu)", true],
    ["apple", "Apple M3 Max", true],
  ])("%s %s: %s", (vendor, model, shared) => {
    expect(sharesMainMemory(vendor, model)).toBe(shared);
  });
});

describe("readPciGpus", () => {
  let root = "";
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function sysfs(devices: Record<string, Record<string, string>>): string {
    root = mkdtempSync(join(tmpdir(), "ozone-pci-"));
    mkdirSync(join(root, "bus/pci/drivers/amdgpu"), { recursive: true });
    for (const [address, files] of Object.entries(devices)) {
      const folder = join(root, "bus/pci/devices", address);
      mkdirSync(folder, { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${text}\n`);
      if (files.vendor === "0x1002") symlinkSync("../../drivers/amdgpu", join(folder, "driver"));
    }
    return root;
  }

  it("finds display controllers and accelerators of the known makers, and nothing else", async () => {
    const folder = sysfs({
      "0000:00:02.0": { class: "0x030000", vendor: "0x1234", device: "0x1111" }, // emulated display
      "0000:03:00.0": {
        class: "0x030000",
        vendor: "0x1002",
        device: "0x744c",
        mem_info_vram_total: "25753026560",
      },
      "0000:04:00.0": { class: "0x020000", vendor: "0x8086", device: "0x1533" }, // network card
      "0000:c1:00.0": { class: "0x120000", vendor: "0x1002", device: "0x74a1" },
      "0000:e1:00.0": { class: "0x030200", vendor: "0x10de", device: "0x2330" },
    });
    const found = await readPciGpus(folder);
    expect(found?.map((gpu) => gpu.deviceId).sort()).toEqual(["2330", "744c", "74a1"]);
    expect(found?.find((gpu) => gpu.deviceId === "744c")).toEqual({
      busAddress: "0000:03:00.0",
      vendor: "amd",
      deviceId: "744c",
      vramBytes: 25_753_026_560,
      kernelDriver: "amdgpu",
    });
  });

  it("tells a machine without a PCI bus from one without a readable /sys", async () => {
    root = mkdtempSync(join(tmpdir(), "ozone-pci-"));
    expect(await readPciGpus(root)).toBeNull();
    mkdirSync(join(root, "bus"));
    expect(await readPciGpus(root)).toEqual([]);
  });
});
