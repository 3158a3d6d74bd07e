// Success over several machines. Runs of one machine fail together, so runs alone would prove too much.
import { requireWhole } from "./input-checks.ts";
import { successLowerBound } from "./success-bound.ts";

/** One machine's record. */
export interface MachineRuns {
  readonly successes: number;
  readonly n: number;
}

/** Two bounds of the success rate at 95 % confidence, 0..1, and the one to headline. */
export interface PooledSuccess {
  /** Over all runs, as if they were independent. */
  readonly runsBound: number;
  /** Over machines, a machine counting as a success when none of its runs failed. */
  readonly machinesBound: number;
  /** The smaller of the two. */
  readonly headline: number;
}

/**
 * Pools the records of several machines (reference/statistics.md 1.6).
 * @throws RangeError when there is no machine, or a record is impossible.
 */
export function pooledSuccess(machines: readonly MachineRuns[]): PooledSuccess {
  requireWhole(machines.length, "pooledSuccess: the number of machines", 1);
  const successes = machines.reduce((sum, machine) => sum + machine.successes, 0);
  const runs = machines.reduce((sum, machine) => sum + machine.n, 0);
  const runsBound = successLowerBound(successes, runs);
  const clean = machines.filter((machine) => machine.n > 0 && machine.successes === machine.n).length;
  const machinesBound = successLowerBound(clean, machines.length);
  return { runsBound, machinesBound, headline: Math.min(runsBound, machinesBound) };
}
