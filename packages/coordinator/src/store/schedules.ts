// Queries on schedules and their occurrences.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import { and, asc, desc, eq, isNotNull, isNull, lt, lte, sql } from "drizzle-orm";
import type { Executor, Transaction } from "./open-store.ts";
import { scheduleRuns, schedules } from "./schema/schedules.ts";
import { sweeps } from "./schema/sweeps.ts";

/** A schedule as stored. */
export interface ScheduleRow {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly request: SweepRequest;
  readonly windowMs: number;
  readonly lateMs: number;
  readonly pausedAt: Date | null;
  readonly since: Date;
  readonly createdAt: Date;
}

/** One occurrence and what became of it. */
export type RunRow = typeof scheduleRuns.$inferSelect;

const parse = (row: typeof schedules.$inferSelect): ScheduleRow => ({
  ...row,
  request: fromBinary(SweepRequestSchema, row.request),
});

/** Postgres' clock: the one that all coordinators share. */
export async function nowOf(db: Executor): Promise<Date> {
  const { rows } = await db.execute<{ now: string }>(
    sql`select (extract(epoch from now()) * 1000)::text as now`,
  );
  return new Date(Number(rows[0]?.now));
}

/** Stores a new schedule. @returns false when there is one of that name */
export async function insertSchedule(
  db: Executor,
  schedule: Pick<ScheduleRow, "name" | "cron" | "timeZone" | "request" | "windowMs" | "lateMs">,
): Promise<boolean> {
  const made = await db
    .insert(schedules)
    .values({ ...schedule, request: toBinary(SweepRequestSchema, schedule.request) })
    .onConflictDoNothing()
    .returning({ name: schedules.name });
  return made.length > 0;
}

/** The schedule, or null. With `lock` the row is held until the transaction ends. */
export async function findSchedule(db: Executor, name: string, lock = false): Promise<ScheduleRow | null> {
  const query = db.select().from(schedules).where(eq(schedules.name, name));
  const [row] = await (lock ? query.for("update") : query);
  return row ? parse(row) : null;
}

/** By name. */
export const listSchedules = async (db: Executor): Promise<ScheduleRow[]> =>
  (await db.select().from(schedules).orderBy(asc(schedules.name))).map(parse);

/** Pauses or resumes. Occurrences while it was paused are not its own any more. @returns whether anything changed */
export async function setSchedulePaused(db: Executor, name: string, paused: boolean): Promise<boolean> {
  const changed = await db
    .update(schedules)
    .set(paused ? { pausedAt: sql`now()` } : { pausedAt: null, since: sql`now()` })
    .where(and(eq(schedules.name, name), paused ? isNull(schedules.pausedAt) : isNotNull(schedules.pausedAt)))
    .returning({ name: schedules.name });
  return changed.length > 0;
}

/** Removes it with the memory of its occurrences; its sweeps stay. */
export async function removeSchedule(tx: Transaction, name: string): Promise<void> {
  await tx.delete(scheduleRuns).where(eq(scheduleRuns.schedule, name));
  await tx.delete(schedules).where(eq(schedules.name, name));
}

/** Notes what became of an occurrence. @returns false when that was noted before */
export async function insertRun(tx: Transaction, run: typeof scheduleRuns.$inferInsert): Promise<boolean> {
  const made = await tx
    .insert(scheduleRuns)
    .values(run)
    .onConflictDoNothing()
    .returning({ at: scheduleRuns.dueAt });
  return made.length > 0;
}

/** The newest occurrences, newest first, with the state of their sweeps. */
export const newestRuns = (
  db: Executor,
  name: string,
  limit: number,
): Promise<(RunRow & { sweepState: string | null })[]> =>
  db
    .select({
      schedule: scheduleRuns.schedule,
      dueAt: scheduleRuns.dueAt,
      outcome: scheduleRuns.outcome,
      because: scheduleRuns.because,
      sweepId: scheduleRuns.sweepId,
      endsAt: scheduleRuns.endsAt,
      sweepState: sweeps.state,
    })
    .from(scheduleRuns)
    .leftJoin(sweeps, eq(sweeps.id, scheduleRuns.sweepId))
    .where(eq(scheduleRuns.schedule, name))
    .orderBy(desc(scheduleRuns.dueAt))
    .limit(limit);

/** A sweep of this schedule that still runs; null: none does. */
export async function runningSweepOf(db: Executor, name: string): Promise<string | null> {
  const [row] = await db
    .select({ id: sweeps.id })
    .from(scheduleRuns)
    .innerJoin(sweeps, eq(sweeps.id, scheduleRuns.sweepId))
    .where(and(eq(scheduleRuns.schedule, name), eq(sweeps.state, "running")))
    .orderBy(asc(sweeps.createdAt))
    .limit(1);
  return row?.id ?? null;
}

/** Sweeps of occurrences whose window has ended while they run and do not drain yet. */
export const overdueSweeps = (db: Executor, now: Date): Promise<{ sweepId: string; endsAt: Date | null }[]> =>
  db
    .select({ sweepId: sweeps.id, endsAt: scheduleRuns.endsAt })
    .from(scheduleRuns)
    .innerJoin(sweeps, eq(sweeps.id, scheduleRuns.sweepId))
    .where(and(lte(scheduleRuns.endsAt, now), eq(sweeps.state, "running"), isNull(sweeps.drainingSince)));

/** Forgets occurrences before this time, but for those whose sweep runs. */
export async function forgetRuns(db: Executor, name: string, before: Date): Promise<void> {
  await db
    .delete(scheduleRuns)
    .where(
      and(
        eq(scheduleRuns.schedule, name),
        lt(scheduleRuns.dueAt, before),
        sql`not exists (select 1 from ${sweeps} where ${sweeps.id} = ${scheduleRuns.sweepId} and ${sweeps.state} = 'running')`,
      ),
    );
}
