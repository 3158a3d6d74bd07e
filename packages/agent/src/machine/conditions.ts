// The conditions a measurement runs under, recorded with every result: who else is busy, power, heat, clocks.
import os from "node:os";
import { onPlatform } from "@ozone/shared/platform";
import { readAvailableBytes } from "./available-memory.ts";
import { measureForeignLoad } from "./foreign-load.ts";
import type { GpuUse } from "./gpu-nvidia.ts";
import { readGpuUse } from "./gpu-use.ts";
import { type PowerSource, readPowerSource } from "./power-source.ts";
import { type CpuSensors, readCpuSensors } from "./sensors.ts";

/** Conditions at one moment; null or "unknown" where this machine does not tell. */
export type Conditions = {
  /** Mean over the last minute; null on Windows, which has none. */
  loadAverage1Min: number | null;
  /** CPU used by processes outside our tree, in cores. */
  foreignLoadCores: number | null;
  availableMemoryBytes: number | null;
  powerSource: PowerSource;
  cpu: CpuSensors;
  gpus: GpuUse[] | null;
  /** Use of the busiest GPU by anybody, 0 to 1. */
  busyGpuShare: number | null;
  /** Why something is unknown. */
  notes: string[];
};

/** Options of `readConditions`. */
export type ConditionOptions = {
  /** Processes (with their descendants) that are not foreign, besides this one: the Ollama server under test. */
  ownPids?: readonly number[];
  /** How long the foreign load is measured. */
  intervalMs?: number;
  signal?: AbortSignal;
};

/** Reads the conditions; takes `intervalMs` (1 s). Rejects only when `signal` aborts. */
export async function readConditions(options: ConditionOptions = {}): Promise<Conditions> {
  const { ownPids = [], intervalMs = 1000, signal } = options;
  const notes: string[] = [];
  // The load first and alone: the tools below would count as ours, but warm the machine.
  const load = await measureForeignLoad(ownPids, intervalMs, signal);
  if (load === null)
    notes.push("The foreign load is unknown: the processes of this machine can't be listed.");
  const [powerSource, cpu, gpus] = await Promise.all([
    readPowerSource(notes),
    readCpuSensors(notes),
    readGpuUse(),
  ]);
  const shares = (gpus ?? []).map(({ busyShare }) => busyShare).filter((share) => share !== null);
  return {
    loadAverage1Min: readLoadAverage(),
    foreignLoadCores: load,
    availableMemoryBytes: readAvailableBytes(),
    powerSource,
    cpu,
    gpus,
    busyGpuShare: shares.length === 0 ? null : Math.max(...shares),
    notes,
  };
}

/** Windows has no such mean: Node gives zeros there. */
export const readLoadAverage = (platform: string = process.platform): number | null =>
  onPlatform(platform, {
    linux: () => os.loadavg()[0] ?? null,
    macos: () => os.loadavg()[0] ?? null,
    windows: () => null,
    other: () => os.loadavg()[0] ?? null,
  })();
