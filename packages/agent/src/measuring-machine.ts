// The machine as a trial needs it: implements the ports of measure/ with what machine/ can read.
import { hardwareClass } from "@ozone/shared/hardware-class";
import type { MachineFacts } from "@ozone/shared/machine-facts";
import { OZONE_VERSION } from "@ozone/shared/version";
import { enginePid, isHere } from "./engine-process.ts";
import { arithmeticCeilingFlops } from "./machine/arithmetic-ceiling.ts";
import { readAvailableBytes } from "./machine/available-memory.ts";
import { readConditions } from "./machine/conditions.ts";
import { contendedOf, energyOf, eventsBetween, throttledOf } from "./machine/contention.ts";
import { joulesBetween, readEnergyCounters } from "./machine/energy.ts";
import { foreignLoadCores, takeCpuSnapshot } from "./machine/foreign-load.ts";
import { driversOf, ownVramBytes } from "./machine/gpu-totals.ts";
import { type ResourceSampler, startResourceSampler } from "./machine/resource-sampler.ts";
import { readThrottleEvents } from "./machine/sensors.ts";
import { waitUntilQuiet } from "./machine/wait-until-quiet.ts";
import type {
  ConditionsPort,
  ConditionsReading,
  MachineIdentity,
  ResourceReading,
  SamplerPort,
} from "./measure/ports.ts";

/** One short look is enough when the machine is quiet; only a busy one is looked at for longer. */
const FIRST_LOOK_MS = 400;
const WAITING_LOOK_MS = 1_000;

/** Who measures, and the ceilings that its numbers are held against: none for a server on another host. */
export function machineCeilings(machineId: string, facts: MachineFacts, engineUrl: string): MachineIdentity {
  const here = isHere(engineUrl);
  return {
    machineId,
    hardwareClass: hardwareClass(facts),
    agentVersion: OZONE_VERSION,
    memoryBandwidthBytesPerSecond: here ? facts.memory.bandwidthBytesPerSecond : null,
    cacheBandwidthBytesPerSecond: here ? facts.memory.cacheBandwidthBytesPerSecond : null,
    cacheBytes: here ? facts.cpu.l3Bytes : null,
    gpuMemoryBandwidthBytesPerSecond: null,
    peakFlops: here ? arithmeticCeilingFlops(facts) : null,
    vramBytes: here ? ownVramBytes(facts.gpus) : null,
    driver: here ? driversOf(facts.gpus) : "",
  };
}

/**
 * Conditions before an attempt. The engine's own load is not foreign; where its process can't be seen, nobody can tell
 * whose the load is. Nothing of ours computes yet, so that any use of a GPU is by others.
 */
export function conditionsOf(engineUrl: string): ConditionsPort {
  return {
    availableBytes: () => readAvailableBytes(),
    async waitUntilQuiet(limitMs, signal): Promise<ConditionsReading> {
      const engine = await enginePid(engineUrl);
      const ownPids = engine === null ? [] : [engine];
      const now = await readConditions({ ownPids, intervalMs: FIRST_LOOK_MS, signal });
      const reading = {
        loadAverage: now.loadAverage1Min,
        powerSource: now.powerSource,
        temperatureCelsius: now.cpu.temperatureCelsius,
        clockMhz: now.cpu.clockMhz,
      };
      const judge = (load: number | null, foreignGpuShare: number | null) => {
        const seen = { foreignLoadCores: engine === null ? null : load, foreignGpuShare };
        return { ...seen, contended: contendedOf({ ...seen, hasGpus: now.gpus !== null }) };
      };
      const first = judge(now.foreignLoadCores, now.busyGpuShare);
      if (first.contended !== true || limitMs === 0) return { ...reading, ...first, waitedMs: 0 };
      const waited = await waitUntilQuiet({ ownPids, limitMs, signal, intervalMs: WAITING_LOOK_MS });
      const last = judge(waited.foreignLoadCores, waited.foreignGpuShare);
      return { ...reading, ...last, waitedMs: waited.waitedMs };
    },
  };
}

/** What has to be read at both ends of a sample. */
const takeMarks = async (own: readonly number[]) => {
  const [energy, throttleEvents, cpu] = await Promise.all([
    readEnergyCounters(),
    readThrottleEvents(),
    takeCpuSnapshot(own),
  ]);
  return { energy, throttleEvents, cpu };
};

type Marks = Awaited<ReturnType<typeof takeMarks>>;

/** Watches memory, heat, energy and others' load while a sample runs. */
export function samplerOf(engineUrl: string): SamplerPort {
  return {
    start() {
      const engine = enginePid(engineUrl);
      const before = engine.then((pid) => takeMarks(pid === null ? [] : [pid]));
      const sampler = engine.then((pid) => (pid === null ? null : startResourceSampler({ pid })));
      return {
        async stop() {
          const [pid, running] = await Promise.all([engine, sampler]);
          // The marks first: the sampler's last reading takes its time, and would count as the sample's.
          const after = await takeMarks(pid === null ? [] : [pid]);
          const seen = (await running?.stop()) ?? null;
          return readingOf({ before: await before, after, engineSeen: pid !== null }, seen);
        },
      };
    },
  };
}

/** Marks and peaks together. */
function readingOf(
  { before, after, engineSeen }: { before: Marks; after: Marks; engineSeen: boolean },
  seen: Awaited<ReturnType<ResourceSampler["stop"]>> | null,
): ResourceReading {
  const hasGpus = seen?.hasGpus ?? false;
  const load =
    engineSeen && before.cpu !== null && after.cpu !== null ? foreignLoadCores(before.cpu, after.cpu) : null;
  const foreignGpuShare = seen?.foreignGpuShare ?? null;
  const contended = contendedOf({ foreignLoadCores: load, foreignGpuShare, hasGpus });
  const cpuEvents = eventsBetween(before.throttleEvents, after.throttleEvents);
  const cpuJoules = joulesBetween(before.energy, after.energy);
  return {
    peakPssBytes: seen?.pssBytes ?? null,
    foreignLoadCores: load,
    foreignGpuShare,
    contended,
    throttled: throttledOf({ cpuEvents, gpuThrottled: seen?.gpuThrottled ?? null, hasGpus }),
    peakVramBytes: seen?.vramBytes ?? null,
    leastAvailableBytes: seen?.leastAvailableBytes ?? null,
    peakTemperatureCelsius: seen?.temperatureCelsius ?? null,
    clockMhz: seen?.clockMhz ?? null,
    energyJoules: energyOf({ cpuJoules, gpuJoules: seen?.gpuJoules ?? null, hasGpus, contended }),
    watchingMs: seen?.readingMs ?? 0,
  };
}
