// Energy of the CPU packages from Linux's RAPL counters, for energy per token. Since 2020 most systems let only root
// read them, and virtual machines have none: null then, never a guess.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** One package's counter in microjoules; it starts again from zero after `rangeMicrojoules`. */
export type EnergyCounter = { name: string; microjoules: number; rangeMicrojoules: number };

/** Reads the packages' counters; null when there are none or they may not be read. */
export async function readEnergyCounters(folder = "/sys/class/powercap"): Promise<EnergyCounter[] | null> {
  const names = await readdir(folder).catch(() => []); // no such folder where the kernel has no powercap
  const packages = names.filter((name) => /^(?:intel|amd)-rapl:\d+$/.test(name)); // "intel-rapl:0:0" is a part of it
  const counters = await Promise.all(packages.map((name) => readCounter(join(folder, name), name)));
  const known = counters.filter((counter) => counter !== null);
  return known.length === 0 || known.length < counters.length ? null : known;
}

/** Joules used between two readings by all packages together; null when they don't match. Pure. */
export function joulesBetween(before: EnergyCounter[] | null, after: EnergyCounter[] | null): number | null {
  if (before === null || after === null || before.length !== after.length) return null;
  let microjoules = 0;
  for (const start of before) {
    const end = after.find((counter) => counter.name === start.name);
    if (end === undefined) return null;
    const used = end.microjoules - start.microjoules;
    microjoules += used >= 0 ? used : used + start.rangeMicrojoules;
  }
  return microjoules / 1e6;
}

async function readCounter(folder: string, name: string): Promise<EnergyCounter | null> {
  const read = (file: string) => readFile(join(folder, file), "utf8").then(Number, () => Number.NaN); // root only
  const [kind, microjoules, rangeMicrojoules] = await Promise.all([
    readFile(join(folder, "name"), "utf8").catch(() => ""),
    read("energy_uj"),
    read("max_energy_range_uj"),
  ]);
  if (!kind.startsWith("package") || !Number.isFinite(microjoules) || !Number.isFinite(rangeMicrojoules))
    return null;
  return { name, microjoules, rangeMicrojoules };
}
