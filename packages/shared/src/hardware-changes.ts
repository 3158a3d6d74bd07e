// What changed on a machine since its agent's last start: hardware, driver or memory. Pure; what was or is unknown has
// not changed, since a tool that did not answer is no new hardware.
import { type GpuFacts, type MachineFacts, UNKNOWN } from "./machine-facts.ts";
import { formatBytes } from "./units.ts";

/** Kernels and firmware keep a little more or less for themselves from start to start. */
const RAM_TOLERANCE = 0.02;

/** One sentence for each change, from the older facts to the newer ones. */
export function hardwareChanges(before: MachineFacts, after: MachineFacts): string[] {
  return [
    ...changedText("The processor", before.cpu.brand, after.cpu.brand),
    ...changedCount("The number of physical cores", before.cpu.physicalCores, after.cpu.physicalCores),
    ...changedCount("The number of usable cores", before.cpu.usableCores, after.cpu.usableCores),
    ...changedMemory(before, after),
    ...changedGpus(before.gpus, after.gpus),
    ...changedText("The operating system", before.os.family, after.os.family),
  ];
}

const from = (what: string, old: string, now: string): string => `${what} changed from ${old} to ${now}.`;

const changedText = (what: string, old: string, now: string): string[] =>
  old === now || old === UNKNOWN || now === UNKNOWN ? [] : [from(what, old, now)];

const changedCount = (what: string, old: number | null, now: number | null): string[] =>
  old === now || old === null || now === null ? [] : [from(what, String(old), String(now))];

function changedMemory({ memory: old }: MachineFacts, { memory: now }: MachineFacts): string[] {
  const [had, has] = [old.limitBytes ?? old.totalBytes, now.limitBytes ?? now.totalBytes];
  if (had === null || has === null || Math.abs(has - had) <= RAM_TOLERANCE * had) return [];
  return [from("The main memory", formatBytes(had), formatBytes(has))];
}

function changedGpus(old: readonly GpuFacts[] | null, now: readonly GpuFacts[] | null): string[] {
  if (old === null || now === null) return [];
  const [had, has] = [namesOf(old), namesOf(now)];
  if (had !== has) return [from("The GPUs", had, has)];
  return driverPairs(old, now);
}

/** By name and number, in an order of their own: tools list them in different orders. */
function namesOf(gpus: readonly GpuFacts[]): string {
  const names = gpus.map(({ model, vendor }) => (model === UNKNOWN ? vendor : model)).sort();
  return names.join(" + ") || "none";
}

/** A driver is compared where both are versions: without its maker's tool only the kernel module's name is known. */
function driverPairs(old: readonly GpuFacts[], now: readonly GpuFacts[]): string[] {
  const pairs = old.flatMap((gpu) => {
    const same = now.find(({ vendor, model }) => vendor === gpu.vendor && model === gpu.model);
    const versions = same !== undefined && /\d+\.\d/.test(gpu.driver) && /\d+\.\d/.test(same.driver);
    return versions ? changedText(`The ${gpu.vendor} driver`, gpu.driver, same.driver) : [];
  });
  return [...new Set(pairs)];
}
