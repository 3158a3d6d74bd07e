// A simulated process: everything that its code does (timers, queries, files, messages) is known to be its own, so that
// it can be killed or stopped at any of these calls.
import { AsyncLocalStorage } from "node:async_hooks";

/** One incarnation of a coordinator or an agent. */
export interface SimulatedProcess {
  readonly name: string;
  alive: boolean;
  /** Until when it is stopped (SIGSTOP), in virtual time. */
  stoppedUntilMs: number;
  /** How far its wall clock is off. */
  dateOffsetMs: number;
  /** Calls to the outside so far. */
  calls: number;
  /** How many of them were made in the present second. */
  lately: { second: number; calls: number };
  /** The call at which it is killed; before it takes effect, or after. */
  dieAt: { call: number; after: boolean } | null;
  onDeath: () => void;
}

const storage = new AsyncLocalStorage<SimulatedProcess>();
const never = new Promise<never>(() => undefined);

/** A new one, running. */
export const makeProcess = (name: string): SimulatedProcess => ({
  name,
  alive: true,
  stoppedUntilMs: 0,
  dateOffsetMs: 0,
  calls: 0,
  lately: { second: -1, calls: 0 },
  dieAt: null,
  onDeath: () => undefined,
});

/** Whose code is running now; undefined: the simulation's own. */
export const currentProcess = (): SimulatedProcess | undefined => storage.getStore();

/** Runs code as a process. */
export const runAs = <Value>(owner: SimulatedProcess | undefined, work: () => Value): Value =>
  owner ? storage.run(owner, work) : storage.exit(work);

/** kill -9. */
export function killProcess(owner: SimulatedProcess): void {
  if (!owner.alive) return;
  owner.alive = false;
  owner.onDeath();
}

/** Calls take no time here, up to so many in a second: a loop that runs hot must not hold up the clock for ever. */
const FREE_CALLS_PER_SECOND = 1_000;

/** @returns whether the call has to take a millisecond */
function takesTime({ lately }: SimulatedProcess, nowMs: number): boolean {
  const second = Math.floor(nowMs / 1_000);
  if (lately.second !== second) Object.assign(lately, { second, calls: 0 });
  lately.calls += 1;
  return lately.calls > FREE_CALLS_PER_SECOND;
}

/** One call to the outside: counted, a possible moment of death, never made by the dead, late for the stopped. */
export async function outsideCall<Value>(
  waitUntil: (atMs: number) => Promise<void>,
  nowMs: () => number,
  call: () => Promise<Value>,
): Promise<Value> {
  const owner = currentProcess();
  if (!owner) return call();
  owner.calls += 1;
  const dies = owner.dieAt !== null && owner.calls >= owner.dieAt.call ? owner.dieAt : null;
  if (dies && !dies.after) killProcess(owner);
  if (!owner.alive) return never;
  if (takesTime(owner, nowMs())) await runAs(undefined, () => waitUntil(nowMs() + 1));
  while (owner.stoppedUntilMs > nowMs()) await runAs(undefined, () => waitUntil(owner.stoppedUntilMs));
  if (!owner.alive) return never;
  const settle = async (): Promise<Value> => {
    if (dies) killProcess(owner);
    while (owner.alive && owner.stoppedUntilMs > nowMs())
      await runAs(undefined, () => waitUntil(owner.stoppedUntilMs));
    return owner.alive ? (undefined as Value) : never;
  };
  try {
    const value = await call();
    await settle();
    return value;
  } catch (thrown) {
    await settle();
    throw thrown;
  }
}
