// All GPUs of a machine: the makers' tools know best, the PCI bus tells what they missed, and systeminformation
// fills in where there is neither.

import { factText, type GpuFacts } from "@ozone/shared/machine-facts";
import { onPlatform, type Platform, platformOf } from "@ozone/shared/platform";
import { readAmdGpus } from "./gpu-amd.ts";
import { readAppleGpus } from "./gpu-apple.ts";
import { gpuVendor, sharesMainMemory } from "./gpu-integrated.ts";
import { readNvidiaGpus } from "./gpu-nvidia.ts";
import { type PciGpu, readPciGpus } from "./gpu-pci.ts";
import { hasProc } from "./proc.ts";
import type { RunTool } from "./run-tool.ts";

const MIB = 1024 ** 2;

/** A graphics controller as systeminformation lists it (the part that is used; `vram` in MiB). */
export type ListedGpu = {
  vendor?: string | undefined;
  model?: string | undefined;
  vram?: number | null | undefined;
  busAddress?: string | undefined;
  driverVersion?: string | undefined;
};

/** What each source said; null = it could not be asked. */
export type GpuSources = {
  platform: Platform;
  nvidia: GpuFacts[] | null;
  amd: GpuFacts[] | null;
  apple: GpuFacts[] | null;
  pci: PciGpu[] | null;
  listed: ListedGpu[] | null;
};

/** The GPUs of this machine (null when nothing could be asked) and why something about them is unknown. */
export async function readGpus(
  run: RunTool,
  listGpus: () => Promise<ListedGpu[] | null>,
): Promise<{ gpus: GpuFacts[] | null; notes: string[] }> {
  const platform = platformOf(process.platform);
  const mac = onPlatform(process.platform, { linux: false, macos: true, windows: false, other: false });
  const pci = hasProc() ? await readPciGpus() : null;
  const nothing = { gpus: null, reason: null, missing: true };
  const [nvidia, amd, apple] = await Promise.all([
    mac ? nothing : readNvidiaGpus(run),
    mac || (pci !== null && !pci.some((gpu) => gpu.vendor === "amd")) ? nothing : readAmdGpus(run),
    mac ? readAppleGpus(run) : nothing,
  ]);
  const sources = { platform, nvidia: nvidia.gpus, amd: amd.gpus, apple: apple.gpus, pci };
  const listed = needsListing(sources) ? await listGpus() : null;
  const merged = mergeGpus({ ...sources, listed });
  const reasons = [nvidia.missing ? null : nvidia.reason, amd.reason, apple.reason].filter(
    (reason) => reason !== null,
  );
  return { gpus: merged.gpus, notes: [...reasons.map((reason) => `${reason}.`), ...merged.notes] };
}

/** Merges the sources. Pure. */
export function mergeGpus(sources: GpuSources): { gpus: GpuFacts[] | null; notes: string[] } {
  const told = [sources.nvidia, sources.amd, sources.apple];
  if (told.every((list) => list === null) && sources.pci === null && sources.listed === null) {
    return { gpus: null, notes: ["No source could be asked for GPUs."] };
  }
  const known = told.flatMap((list) => list ?? []);
  const rest = sources.pci === null ? listedOnly(sources, known) : onBusOnly(sources, sources.pci, known);
  const gpus = [...known, ...rest];
  const notes = gpus
    .filter((gpu) => gpu.vramBytes === null && gpu.unified !== true)
    .map(
      (gpu) =>
        `The memory of the GPU ${gpu.model} is unknown: install its maker's tool (nvidia-smi, amd-smi).`,
    );
  return { gpus, notes };
}

function needsListing(sources: Omit<GpuSources, "listed">): boolean {
  const { pci } = sources;
  const onBus = () => pci === null || pci.some((gpu) => !isCovered(gpu.vendor, sources));
  const needs: Readonly<Record<Platform, () => boolean>> = {
    linux: onBus,
    windows: onBus,
    other: onBus,
    macos: () => sources.apple === null,
  };
  return needs[sources.platform]();
}

function isCovered(vendor: string, sources: Pick<GpuSources, "nvidia" | "amd" | "apple">): boolean {
  const lists = { nvidia: sources.nvidia, amd: sources.amd, apple: sources.apple };
  return vendor in lists && lists[vendor as keyof typeof lists] !== null;
}

/** GPUs that the bus shows and no tool told of; named by systeminformation (lspci) where it knows the same slot. */
function onBusOnly(sources: GpuSources, pci: readonly PciGpu[], known: readonly GpuFacts[]): GpuFacts[] {
  const left = pci.filter((gpu) => !known.some((other) => other.vendor === gpu.vendor));
  return left.map((gpu) => {
    const named = sources.listed?.find(
      (one) => one.busAddress !== undefined && gpu.busAddress.endsWith(one.busAddress),
    );
    const model = factText(named?.model || `device ${gpu.deviceId}`);
    const unified = sharesMainMemory(gpu.vendor, model) ?? isCarveOut(gpu.vramBytes);
    return {
      vendor: gpu.vendor,
      model,
      vramBytes: unified === true ? null : gpu.vramBytes,
      driver: factText(gpu.kernelDriver),
      unified,
      cores: null,
      index: null,
    };
  });
}

/** An APU's share of the main memory shows as a little VRAM; no card that anybody would use has so little. */
function isCarveOut(vramBytes: number | null): true | null {
  return vramBytes !== null && vramBytes <= 1024 * MIB ? true : null;
}

/** GPUs that only systeminformation lists. Virtual and remote adapters have no known maker and are dropped. */
function listedOnly(sources: GpuSources, known: readonly GpuFacts[]): GpuFacts[] {
  return (sources.listed ?? []).flatMap((one) => {
    const vendor = gpuVendor(one.vendor, one.model);
    if (vendor === "unknown" || known.some((other) => other.vendor === vendor)) return [];
    const model = factText(one.model);
    const unified = sharesMainMemory(vendor, model);
    const vramBytes = unified === true ? null : listedVramBytes(one.vram, sources.platform);
    return [
      { vendor, model, vramBytes, driver: factText(one.driverVersion), unified, cores: null, index: null },
    ];
  });
}

/** Windows keeps the size in 32 bits: every card of 4 GiB or more reads as 4095 or 4096 MiB, so that is unknown. */
const CUT_OFF_FROM_MIB: Readonly<Record<Platform, number>> = {
  linux: Number.POSITIVE_INFINITY,
  macos: Number.POSITIVE_INFINITY,
  windows: 4095,
  other: Number.POSITIVE_INFINITY,
};

function listedVramBytes(vramMib: number | null | undefined, platform: Platform): number | null {
  if (typeof vramMib !== "number" || !(vramMib > 0)) return null;
  if (vramMib >= CUT_OFF_FROM_MIB[platform] && vramMib <= 4096) return null;
  return Math.round(vramMib * MIB);
}
