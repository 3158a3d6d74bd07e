// What the readings of a sample mean: did others use the machine, did it slow down, how much energy went in? Pure; an
// unknown part makes the whole unknown unless the rest decides.

/** Foreign CPU load above this is busy: a tenth of a core. */
export const BUSY_LOAD_CORES = 0.1;

/** Use of a GPU by others above this is busy. */
export const BUSY_GPU_SHARE = 0.05;

/** What others did; null: can't be told. */
export type ForeignReadings = {
  foreignLoadCores: number | null;
  /** Of the busiest GPU. */
  foreignGpuShare: number | null;
  /** Whether there is a GPU whose use matters. */
  hasGpus: boolean;
};

/** Whether others used the machine; null when it can't be told. */
export function contendedOf({ foreignLoadCores, foreignGpuShare, hasGpus }: ForeignReadings): boolean | null {
  if ((foreignLoadCores ?? 0) > BUSY_LOAD_CORES || (foreignGpuShare ?? 0) > BUSY_GPU_SHARE) return true;
  return foreignLoadCores === null || (hasGpus && foreignGpuShare === null) ? null : false;
}

/** What the hardware says of slowing down; null: it does not say. */
export type ThrottleReadings = {
  /** How often a core or package was slowed down meanwhile. */
  cpuEvents: number | null;
  gpuThrottled: boolean | null;
  hasGpus: boolean;
};

/** Whether the hardware slowed down; null when a part of it does not say and no other part did. */
export function throttledOf({ cpuEvents, gpuThrottled, hasGpus }: ThrottleReadings): boolean | null {
  if ((cpuEvents ?? 0) > 0 || gpuThrottled === true) return true;
  return cpuEvents === 0 && (!hasGpus || gpuThrottled === false) ? false : null;
}

/** Counters only grow; one that shrank belongs to another boot. */
export const eventsBetween = (before: number | null, after: number | null): number | null =>
  before === null || after === null || after < before ? null : after - before;

/** Energy readings; null: the machine does not tell. */
export type EnergyReadings = {
  cpuJoules: number | null;
  gpuJoules: number | null;
  hasGpus: boolean;
  contended: boolean | null;
};

/** Energy of packages and GPUs together; null unless every part is known and nobody else used any of it. */
export function energyOf({ cpuJoules, gpuJoules, hasGpus, contended }: EnergyReadings): number | null {
  if (contended !== false || cpuJoules === null || (hasGpus && gpuJoules === null)) return null;
  return cpuJoules + (hasGpus ? (gpuJoules ?? 0) : 0);
}
