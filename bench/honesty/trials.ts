// One trial on an honest server: the agent's own runTrial, with the machine's own conditions and sampler.
import { create } from "@bufbuild/protobuf";
import type { MachineIdentity } from "@ozone/agent/src/measure/ports.ts";
import { orderFor, portsFor } from "@ozone/agent/src/measure/trial-material.ts";
import { conditionsOf, samplerOf } from "@ozone/agent/src/measuring-machine.ts";
import { runTrial } from "@ozone/agent/src/run-trial.ts";
import { type Configuration, ProtocolSchema } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import { startScriptedProcess } from "../scripted-process.ts";
import { ENGINE_MODEL, engineCase } from "./engine-cases.ts";
import { honestCase } from "./honest-cases.ts";

/** A result, and in words what was asked of whom. */
export interface ToldResult {
  readonly words: string;
  readonly result: TrialResult;
}

/** Which case, how many samples of it, and where word pools are kept. */
export interface CaseOrder {
  readonly index: number;
  readonly seed: number;
  readonly samples: number;
  readonly cacheDir: string;
}

/** A fast desktop, as the scripts pretend: their pace is that of the engine on small models, up to twice as fast. */
const SCRIPTED_MACHINE: MachineIdentity = {
  machineId: "m-bench",
  hardwareClass: "bench",
  agentVersion: "bench",
  memoryBandwidthBytesPerSecond: 80e9,
  cacheBytes: 32 * 1024 ** 2,
  cacheBandwidthBytesPerSecond: 400e9,
  gpuMemoryBandwidthBytesPerSecond: 400e9,
  peakFlops: 2e12,
};

/** A trial on a scripted server in a process of its own. */
export async function scriptedTrial({ index, seed, samples, cacheDir }: CaseOrder): Promise<ToldResult> {
  const { words, script, modelName, point, fill, ...asked } = honestCase(index, seed);
  const launches = samples % asked.launches === 0 ? asked.launches : 1;
  const server = await startScriptedProcess(script);
  try {
    const protocol = { fill, launches, repetitions: samples / launches };
    const place = { url: server.url, modelName, machine: SCRIPTED_MACHINE, cacheDir };
    return { words, result: await measure(place, point, protocol) };
  } finally {
    await server.stop();
  }
}

/** A trial on a running reference engine. */
export async function engineTrial(
  { index, seed, samples, cacheDir }: CaseOrder,
  { url, machine }: { readonly url: string; readonly machine: MachineIdentity },
): Promise<ToldResult> {
  const { words, point } = engineCase(index, seed);
  const protocol = { fill: 0.9, launches: 1, repetitions: samples };
  return {
    words,
    result: await measure({ url, modelName: ENGINE_MODEL, machine, cacheDir }, point, protocol),
  };
}

interface Place {
  readonly url: string;
  readonly modelName: string;
  readonly machine: MachineIdentity;
  readonly cacheDir: string;
}

function measure(
  { url, modelName, machine, cacheDir }: Place,
  point: Configuration,
  protocol: { readonly fill: number; readonly launches: number; readonly repetitions: number },
): Promise<TrialResult> {
  const limits = { limitMs: 300_000, allowContended: true };
  return runTrial(
    {
      ...orderFor({ modelName }),
      configuration: point,
      protocol: create(ProtocolSchema, { ...protocol, ...limits }),
    },
    portsFor(url, { cacheDir, machine, conditions: conditionsOf(url), sampler: samplerOf(url) }),
  );
}
