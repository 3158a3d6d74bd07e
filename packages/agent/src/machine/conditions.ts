// The conditions a measurement runs under, recorded with every result: who else is busy, power, heat, clocks.
import os from "node:os";
import { measureForeignLoad } from "./foreign-load.ts";
import type { GpuUse } from "./gpu-nvidia.ts";
import { countForeignGpuProcesses, readGpuUse } from "./gpu-use.ts";
import { type PowerSource, readPowerSource } from "./power-source.ts";
import { readTree } from "./process-tree.ts";
import { type CpuSensors, readCpuSensors } from "./sensors.ts";

/** Conditions at one moment; null or "unknown" where this machine does not tell. */
export type Conditions = {
  /** Mean over the last minute; null on Windows, which has none. */
  loadAverage1Min: number | null;
  /** CPU used by processes outside our tree, in cores. */
  foreignLoadCores: number | null;
  availableMemoryBytes: number;
  powerSource: PowerSource;
  cpu: CpuSensors;
  gpus: GpuUse[] | null;
  /** Processes on a GPU that are not ours. */
  foreignGpuProcesses: number | null;
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
  const [powerSource, cpu, gpus, own] = await Promise.all([
    readPowerSource(notes),
    readCpuSensors(notes),
    readGpuUse(),
    readTree([process.pid, ...ownPids]),
  ]);
  const foreignGpuProcesses = gpus === null || own === null ? null : await countForeignGpuProcesses(own);
  return {
    loadAverage1Min: process.platform === "win32" ? null : (os.loadavg()[0] ?? null),
    foreignLoadCores: load,
    availableMemoryBytes: os.freemem(),
    powerSource,
    cpu,
    gpus,
    foreignGpuProcesses,
    notes,
  };
}
