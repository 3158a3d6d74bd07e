// Starts what is due, and has sweeps whose window has ended begin nothing more.
import type { Store } from "../store/open-store.ts";
import {
  findSchedule,
  forgetRuns,
  insertRun,
  listSchedules,
  newestRuns,
  nowOf,
  overdueSweeps,
  runningSweepOf,
  type ScheduleRow,
} from "../store/schedules.ts";
import { addTargetNote, listTargets, setDraining } from "../store/sweeps.ts";
import { decideOccurrence } from "./decide-occurrence.ts";
import { startOccurrence } from "./start-occurrence.ts";

/** What running them depends on. */
export interface RunPorts {
  readonly store: Store;
  readonly leaseMs: number;
  /** Of now; Postgres' clock where none is given. */
  readonly clock?: () => Promise<Date>;
  readonly onError: (name: string, thrown: unknown) => void;
}

/** Occurrences are remembered so long. */
const REMEMBERED_MS = 366 * 86_400_000;

async function runSchedule({ store, leaseMs }: RunPorts, schedule: ScheduleRow, now: Date): Promise<boolean> {
  const [newest] = await newestRuns(store.db, schedule.name, 1);
  const decision = decideOccurrence(
    {
      ...schedule,
      lastDueAt: newest?.dueAt ?? null,
      runningSweepId: await runningSweepOf(store.db, schedule.name),
    },
    now,
  );
  if (decision === null) return false;
  const { dueAt, outcome, because } = decision;
  await forgetRuns(store.db, schedule.name, new Date(now.getTime() - REMEMBERED_MS));
  if (outcome === "start")
    return (await startOccurrence(store, schedule, { leaseMs, dueAt, because })) !== null;
  return store.db.transaction(async (tx) => {
    const still = await findSchedule(tx, schedule.name, true);
    return still !== null && insertRun(tx, { schedule: schedule.name, dueAt, outcome, because });
  });
}

async function endWindow(store: Store, sweepId: string, endsAt: Date): Promise<void> {
  await store.db.transaction(async (tx) => {
    await setDraining(tx, sweepId);
    const note = `The window of its schedule ended at ${endsAt.toISOString()}: no further trial begins.`;
    for (const { id, finished } of await listTargets(tx, sweepId))
      if (!finished) await addTargetNote(tx, id, note);
  });
}

/**
 * Does what is due now.
 * @returns whether anything changed
 */
export async function runSchedules(ports: RunPorts): Promise<boolean> {
  const { store, onError } = ports;
  const schedules = (await listSchedules(store.db)).filter(({ pausedAt }) => pausedAt === null);
  const now = await (ports.clock ?? (() => nowOf(store.db)))();
  let changed = false;
  for (const schedule of schedules) {
    try {
      changed = (await runSchedule(ports, schedule, now)) || changed;
    } catch (thrown) {
      await store.ping();
      onError(`schedule ${schedule.name}`, thrown);
    }
  }
  for (const { sweepId, endsAt } of await overdueSweeps(store.db, now)) {
    await endWindow(store, sweepId, endsAt ?? now);
    changed = true;
  }
  return changed;
}
