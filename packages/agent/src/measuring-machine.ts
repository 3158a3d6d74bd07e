// The machine as a trial needs it: implements the ports of measure/ with what machine/ can read.
import { hardwareClass } from "@ozone/shared/hardware-class";
import type { MachineFacts } from "@ozone/shared/machine-facts";
import { OZONE_VERSION } from "@ozone/shared/version";
import { arithmeticCeilingFlops } from "./machine/arithmetic-ceiling.ts";
import { readConditions } from "./machine/conditions.ts";
import { foreignLoadCores, takeCpuSnapshot } from "./machine/foreign-load.ts";
import { findListener } from "./machine/listening-port.ts";
import { startResourceSampler } from "./machine/resource-sampler.ts";
import { BUSY_LOAD_CORES, waitUntilQuiet } from "./machine/wait-until-quiet.ts";
import type { ConditionsPort, ConditionsReading, MachineIdentity, SamplerPort } from "./measure/ports.ts";

/** One short look is enough when the machine is quiet; only a busy one is looked at for longer. */
const FIRST_LOOK_MS = 400;
const WAITING_LOOK_MS = 1_000;

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const isHere = (engineUrl: string): boolean => LOOPBACK.test(new URL(engineUrl).hostname);

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
  };
}

/** Process id of the server behind a URL of this machine; null when it is elsewhere or can't be seen. */
export async function enginePid(engineUrl: string): Promise<number | null> {
  if (!isHere(engineUrl)) return null;
  return (await findListener(Number(new URL(engineUrl).port || "80"))).pid;
}

const ownPidsOf = async (engineUrl: string): Promise<number[]> => {
  const pid = await enginePid(engineUrl);
  return pid === null ? [process.pid] : [process.pid, pid];
};

/** Conditions before an attempt. The engine's own load is not foreign. */
export function conditionsOf(engineUrl: string): ConditionsPort {
  return {
    async waitUntilQuiet(limitMs, signal): Promise<ConditionsReading> {
      const ownPids = await ownPidsOf(engineUrl);
      const now = await readConditions({ ownPids, intervalMs: FIRST_LOOK_MS, signal });
      const reading = {
        loadAverage: now.loadAverage1Min,
        powerSource: now.powerSource,
        temperatureCelsius: now.cpu.temperatureCelsius,
      };
      const busy = (now.foreignLoadCores ?? 0) > BUSY_LOAD_CORES;
      if (!busy || limitMs === 0) {
        const contended = now.foreignLoadCores === null ? null : busy;
        return { ...reading, foreignLoadCores: now.foreignLoadCores, contended, waitedMs: 0 };
      }
      const waited = await waitUntilQuiet({ ownPids, limitMs, signal, intervalMs: WAITING_LOOK_MS });
      return {
        ...reading,
        foreignLoadCores: waited.foreignLoadCores,
        contended: waited.foreignLoadCores === null ? null : !waited.quiet,
        waitedMs: waited.waitedMs,
      };
    },
  };
}

/** Watches memory and foreign load while a sample runs. */
export function samplerOf(engineUrl: string): SamplerPort {
  return {
    start() {
      const pids = ownPidsOf(engineUrl);
      const before = pids.then((own) => takeCpuSnapshot(own));
      const sampler = pids.then((own) => {
        const engine = own[1];
        return engine === undefined ? null : startResourceSampler({ pid: engine });
      });
      return {
        async stop() {
          const peaks = await (await sampler)?.stop();
          const [first, last] = [await before, await takeCpuSnapshot(await pids)];
          const foreign = first && last ? foreignLoadCores(first, last) : null;
          return {
            peakPssBytes: peaks?.pssBytes ?? null,
            foreignLoadCores: foreign,
            contended: foreign === null ? null : foreign > BUSY_LOAD_CORES,
            throttled: null,
          };
        },
      };
    },
  };
}
