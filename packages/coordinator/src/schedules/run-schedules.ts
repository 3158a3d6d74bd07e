// Starts what is due, and has sweeps whose window has ended begin nothing more.
import type { Store, Transaction } from "../store/open-store.ts";
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
import { type NoteLost, startOccurrence } from "./start-occurrence.ts";

/** A time that became no sweep. */
type LostRun = Parameters<NoteLost>[1];

/** What running them depends on. */
export interface RunPorts {
  readonly store: Store;
  readonly leaseMs: number;
  /** Of now; Postgres' clock where none is given. */
  readonly clock?: () => Promise<Date>;
  /** Notes, in the transaction, a time that became no sweep, and what became of the one before; null: it is the first. */
  readonly noteLost?: (tx: Transaction, run: LostRun, before: string | null) => Promise<void>;
  readonly onError: (name: string, thrown: unknown) => void;
}

/** Occurrences are remembered so long. */
const REMEMBERED_MS = 366 * 86_400_000;

async function runSchedule(
  { store, leaseMs, noteLost: note }: RunPorts,
  schedule: ScheduleRow,
  now: Date,
): Promise<boolean> {
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
  const noteLost: NoteLost = async (tx, run) => note?.(tx, run, newest?.outcome ?? null);
  await forgetRuns(store.db, schedule.name, new Date(now.getTime() - REMEMBERED_MS));
  if (outcome === "start")
    return (await startOccurrence(store, schedule, { leaseMs, dueAt, because, noteLost })) !== null;
  return store.db.transaction(async (tx) => {
    const still = await findSchedule(tx, schedule.name, true);
    const lost = { schedule: schedule.name, dueAt, outcome, because };
    if (still === null || !(await insertRun(tx, lost))) return false;
    await noteLost(tx, lost);
    return true;
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
