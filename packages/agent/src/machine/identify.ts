// Probes this machine: what it is, never how busy it is (conditions.ts). Nothing here fails; what can't be found out
// is "unknown" or null, with a note that says why.

import { readFile } from "node:fs/promises";
import os from "node:os";
import { factText, type MachineFacts, type OsFamily } from "@ozone/shared/machine-facts";
import { platformOf } from "@ozone/shared/platform";
import { readCgroupLimits } from "./cgroup.ts";
import { flagsOfCpuinfo, isaTierOf, relevantFeatures } from "./cpu-flags.ts";
import { readL3Bytes, readNumaNodes } from "./cpu-topology.ts";
import { readGpus } from "./gpus.ts";
import { readHostId } from "./host-id.ts";
import { type BandwidthResult, measureMemoryBandwidth } from "./memory-bandwidth.ts";
import { readPowerSource } from "./power-source.ts";
import { hasProc } from "./proc.ts";
import { type RunTool, runTool } from "./run-tool.ts";
import { askCpu, askCpuFlags, askGraphics, askVirtual, type Notes } from "./system-information.ts";

/** Options of `probeMachine`. */
export type ProbeOptions = {
  /** Host id kept from an earlier probe; keep `facts.hostId` and hand it in again (see host-id.ts). */
  persistedHostId?: string | null;
  /** False skips the bandwidth probe, which takes about a second and needs a quiet machine. */
  measureBandwidth?: boolean;
  /** Runs the makers' tools; tests hand in recorded texts. */
  run?: RunTool;
};

/** Finds out what this machine is. Takes about 0.2 s, plus 1.2 s for the bandwidth. Never rejects. */
export async function probeMachine(options: ProbeOptions = {}): Promise<MachineFacts> {
  const notes: Notes = [];
  const run = options.run ?? runTool;
  const [host, cpu, limits, graphics, virtualised, powerSource, numaNodes] = await Promise.all([
    readHostId(options.persistedHostId ?? null, notes),
    probeCpu(notes),
    readCgroupLimits(),
    readGpus(run, () => askGraphics(notes)),
    askVirtual(notes),
    readPowerSource(notes),
    readNumaNodes(),
  ]);
  notes.push(...graphics.notes);
  // Last and alone: everything above would share the memory bus with it.
  const { l3Bytes } = cpu;
  const limitBytes = limits.memoryBytes;
  const bandwidth =
    options.measureBandwidth === false ? null : await measureMemoryBandwidth({ l3Bytes, limitBytes });
  if (bandwidth === null) notes.push("The memory bandwidth is unknown: it was not measured.");
  return {
    hostId: host.hostId,
    os: {
      family: platformOf(process.platform) satisfies OsFamily,
      release: factText(os.release()),
      arch: os.arch(),
    },
    cpu: { ...cpu, usableCores: usableCores(limits.cpuCores) },
    memory: memoryFacts(limits.memoryBytes, bandwidth),
    gpus: graphics.gpus,
    virtualised,
    powerSource,
    numaNodes,
    notes: notes.slice(0, 64).map((note) => note.slice(0, 512)),
  };
}

async function probeCpu(notes: Notes): Promise<Omit<MachineFacts["cpu"], "usableCores">> {
  const [told, l3Bytes] = await Promise.all([askCpu(notes), readL3Bytes()]);
  const cpuinfo = hasProc() ? await readFile("/proc/cpuinfo", "utf8").catch(() => "") : "";
  const fromKernel = flagsOfCpuinfo(cpuinfo);
  const flags = fromKernel.length > 0 ? fromKernel : await askCpuFlags(notes);
  // systeminformation strips names ("EPYC" for "AMD EPYC"); Node gives the CPU's own, except on some ARM systems.
  const ownName = os.cpus()[0]?.model.trim();
  const isaTier = isaTierOf(os.arch(), flags);
  if (isaTier === "unknown")
    notes.push("The instruction sets of the CPU are unknown: the system lists no flags.");
  return {
    vendor: factText(told.vendor),
    brand: factText(ownName && ownName !== "unknown" ? ownName : told.brand),
    physicalCores: told.physicalCores,
    logicalCores: os.cpus().length || null,
    isaTier,
    features: relevantFeatures(flags),
    l3Bytes: l3Bytes ?? told.l3Bytes,
  };
}

/** Affinity and quota together. */
function usableCores(quotaCores: number | null): number {
  const allowed = os.availableParallelism();
  return quotaCores === null ? allowed : Math.min(allowed, quotaCores);
}

function memoryFacts(limitBytes: number | null, bandwidth: BandwidthResult | null): MachineFacts["memory"] {
  const totalBytes = os.totalmem() || null;
  return {
    totalBytes,
    limitBytes: limitBytes !== null && totalBytes !== null && limitBytes < totalBytes ? limitBytes : null,
    bandwidthBytesPerSecond: bandwidth?.bytesPerSecond ?? null,
    cacheBandwidthBytesPerSecond: bandwidth?.cacheBytesPerSecond ?? null,
    bandwidthMethod: factText(bandwidth?.method),
  };
}
