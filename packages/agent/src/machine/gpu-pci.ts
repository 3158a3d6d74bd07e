// GPUs on the PCI bus of a Linux machine, from /sys: no tool is needed, so this tells whether there is a GPU at all,
// and how much memory an AMD card has when no ROCm is installed.
import { readdir, readFile, readlink } from "node:fs/promises";
import { basename, join } from "node:path";

/** A GPU as the bus shows it. */
export type PciGpu = {
  /** Like "0000:03:00.0". */
  busAddress: string;
  vendor: "nvidia" | "amd" | "intel";
  /** Device number of its maker, four hexadecimal digits. */
  deviceId: string;
  vramBytes: number | null;
  /** Kernel driver, or null when none is bound. */
  kernelDriver: string | null;
};

const VENDORS: Record<string, PciGpu["vendor"]> = { "0x10de": "nvidia", "0x1002": "amd", "0x8086": "intel" };

/** Lists display controllers (class 03) and accelerators (class 12) of the known makers; null without a readable /sys. */
export async function readPciGpus(sysRoot = "/sys"): Promise<PciGpu[] | null> {
  const folder = join(sysRoot, "bus/pci/devices");
  const addresses = await readdir(folder).catch(() => null);
  if (addresses === null) return (await readdir(join(sysRoot, "bus")).catch(() => null)) === null ? null : [];
  const found = await Promise.all(addresses.map((address) => readDevice(join(folder, address))));
  return found.filter((gpu) => gpu !== null);
}

async function readDevice(folder: string): Promise<PciGpu | null> {
  const pciClass = (await readText(folder, "class")) ?? "";
  const vendor = VENDORS[(await readText(folder, "vendor")) ?? ""];
  if (!/^0x(03|12)/.test(pciClass) || vendor === undefined) return null;
  return {
    busAddress: basename(folder),
    vendor,
    deviceId: ((await readText(folder, "device")) ?? "0x0000").slice(2),
    vramBytes: await readNumber(folder, "mem_info_vram_total"),
    kernelDriver: await readlink(join(folder, "driver")).then(basename, () => null),
  };
}

/** Null when the file is absent: which files a device has depends on its driver. */
async function readText(folder: string, name: string): Promise<string | null> {
  return readFile(join(folder, name), "utf8").then(
    (text) => text.trim(),
    () => null,
  );
}

async function readNumber(folder: string, name: string): Promise<number | null> {
  const text = await readText(folder, name);
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}
