// Queries on sweeps and their targets.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { SweepPriority, type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import type { SweepStateName, TrialStateName } from "@ozone/shared/trial-state";
import { and, count, desc, eq, gt, inArray, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import type { Executor, Transaction } from "./open-store.ts";
import { sweeps, sweepTargets } from "./schema/sweeps.ts";
import { trials } from "./schema/trials.ts";

/** A sweep as stored. */
export interface SweepRow {
  readonly id: string;
  readonly name: string;
  readonly request: SweepRequest;
  readonly state: SweepStateName;
  readonly createdAt: Date;
  /** 1 high, 0 normal, -1 low. */
  readonly priority?: number;
  readonly finishedAt: Date | null;
  /** Since when no further trial of it begins; null: it goes on. */
  readonly drainingSince?: Date | null;
}

/** One machine and model of a sweep. */
export interface TargetRow {
  readonly id: number;
  readonly sweepId: string;
  readonly machineId: string;
  readonly modelName: string;
  readonly modelDigest: string;
  readonly finished: boolean;
  readonly notes: string[];
  /** Targets of a sweep with the same text share one search; empty: this one is searched alone. */
  readonly shareGroup: string;
  /** Since when its results do not count for its class; null: they do. */
  readonly oddSince: Date | null;
}

const parse = (row: typeof sweeps.$inferSelect): SweepRow => ({
  ...row,
  request: fromBinary(SweepRequestSchema, row.request),
});

const PRIORITIES: Readonly<Record<SweepPriority, number>> = {
  [SweepPriority.UNSPECIFIED]: 0,
  [SweepPriority.LOW]: -1,
  [SweepPriority.HIGH]: 1,
};

/** Stores a new running sweep with its targets. */
export async function insertSweep(
  db: Executor,
  sweep: { id: string; name: string; request: SweepRequest },
  targets: readonly (Pick<TargetRow, "machineId" | "modelName" | "modelDigest"> &
    Partial<Pick<TargetRow, "shareGroup">>)[],
): Promise<void> {
  const request = toBinary(SweepRequestSchema, sweep.request);
  const priority = PRIORITIES[sweep.request.priority] ?? 0;
  await db.insert(sweeps).values({ id: sweep.id, name: sweep.name, request, priority, state: "running" });
  await db.insert(sweepTargets).values(targets.map((target) => ({ ...target, sweepId: sweep.id })));
}

/** The sweep, or null. With `lock` the row is held until the transaction ends. */
export async function findSweep(db: Executor, id: string, lock = false): Promise<SweepRow | null> {
  const query = db.select().from(sweeps).where(eq(sweeps.id, id));
  const [row] = await (lock ? query.for("update") : query);
  return row ? parse(row) : null;
}

/** Newest first. */
export async function listSweeps(db: Executor, limit: number): Promise<SweepRow[]> {
  return (await db.select().from(sweeps).orderBy(desc(sweeps.createdAt), desc(sweeps.id)).limit(limit)).map(
    parse,
  );
}

/** Oldest first: the order in which machines serve them. */
export async function runningSweeps(db: Executor): Promise<SweepRow[]> {
  const rows = await db
    .select()
    .from(sweeps)
    .where(eq(sweeps.state, "running"))
    .orderBy(sweeps.createdAt, sweeps.id);
  return rows.map(parse);
}

/** A target of a running sweep, and how many trials it has in which state. */
export interface RunningTarget {
  readonly target: TargetRow;
  readonly trials: Readonly<Record<"all" | "planned" | "running", number>>;
}

/** Targets of sweeps that go on, the highest priority and then the oldest first (the order in which machines serve them), in a fixed order in each. */
export async function targetsOfRunningSweeps(db: Executor): Promise<RunningTarget[]> {
  const inState = (state: TrialStateName) =>
    sql<number>`(count(*) filter (where ${trials.state} = ${state}))::int`;
  const rows = await db
    .select({
      target: sweepTargets,
      trials: { all: count(trials.id), planned: inState("planned"), running: inState("running") },
    })
    .from(sweepTargets)
    .innerJoin(sweeps, eq(sweeps.id, sweepTargets.sweepId))
    .leftJoin(trials, and(eq(trials.targetId, sweepTargets.id), eq(trials.sweepId, sweeps.id)))
    .where(and(eq(sweeps.state, "running"), isNull(sweeps.drainingSince)))
    .groupBy(sweepTargets.id, sweeps.id)
    .orderBy(desc(sweeps.priority), sweeps.createdAt, sweeps.id, sweepTargets.id);
  return rows;
}

/** Targets of one sweep in a fixed order. */
export const listTargets = (db: Executor, sweepId: string): Promise<TargetRow[]> =>
  db.select().from(sweepTargets).where(eq(sweepTargets.sweepId, sweepId)).orderBy(sweepTargets.id);

/** One target, or null. */
export async function findTarget(db: Executor, id: number): Promise<TargetRow | null> {
  const [row] = await db.select().from(sweepTargets).where(eq(sweepTargets.id, id));
  return row ?? null;
}

/** Adds notes and, when nothing more is to be planned, closes the target. */
export async function updateTarget(
  db: Executor,
  id: number,
  change: { finished: boolean; notes: readonly string[] },
): Promise<void> {
  await db
    .update(sweepTargets)
    .set({ finished: change.finished, notes: [...change.notes] })
    .where(eq(sweepTargets.id, id));
}

/** Adds a note to a target, once. */
export async function addTargetNote(db: Executor, id: number, note: string): Promise<void> {
  const target = await findTarget(db, id);
  if (!target || target.notes.includes(note)) return;
  await updateTarget(db, id, { finished: target.finished, notes: [...target.notes, note] });
}

/** Notes that a target is odd: from now on its results do not count for its class. */
export async function markOdd(db: Executor, id: number): Promise<void> {
  await db
    .update(sweepTargets)
    .set({ oddSince: sql`now()` })
    .where(and(eq(sweepTargets.id, id), isNull(sweepTargets.oddSince)));
}

/** Machines of these that have something to do for a running sweep that goes before this one. */
export async function occupiedMachines(
  db: Executor,
  { id, createdAt, priority = 0 }: Pick<SweepRow, "id" | "createdAt" | "priority">,
  machineIds: readonly string[],
): Promise<Set<string>> {
  const older = or(lt(sweeps.createdAt, createdAt), and(eq(sweeps.createdAt, createdAt), lt(sweeps.id, id)));
  const before = or(gt(sweeps.priority, priority), and(eq(sweeps.priority, priority), older));
  const rows = await db
    .selectDistinct({ machineId: trials.machineId })
    .from(trials)
    .innerJoin(sweeps, eq(sweeps.id, trials.sweepId))
    .where(
      and(
        eq(sweeps.state, "running"),
        before,
        inArray(trials.state, ["planned", "running"]),
        inArray(trials.machineId, [...machineIds]),
        eq(trials.forAnyone, false),
      ),
    );
  return new Set(rows.map(({ machineId }) => machineId));
}

/** No further trial of a running sweep begins. */
export async function setDraining(tx: Transaction, id: string): Promise<void> {
  await tx
    .update(sweeps)
    .set({ drainingSince: sql`coalesce(${sweeps.drainingSince}, now())` })
    .where(and(eq(sweeps.id, id), eq(sweeps.state, "running")));
}

/** Ids of running sweeps of which no further trial begins. */
export async function drainingSweepIds(db: Executor): Promise<string[]> {
  const rows = await db
    .select({ id: sweeps.id })
    .from(sweeps)
    .where(and(eq(sweeps.state, "running"), isNotNull(sweeps.drainingSince)))
    .orderBy(sweeps.createdAt, sweeps.id);
  return rows.map(({ id }) => id);
}

/** Ends a running sweep. @returns false when it had ended already. */
export async function endSweep(db: Executor, id: string, state: SweepStateName): Promise<boolean> {
  const ended = await db
    .update(sweeps)
    .set({ state, finishedAt: sql`now()` })
    .where(and(eq(sweeps.id, id), eq(sweeps.state, "running")))
    .returning({ id: sweeps.id });
  return ended.length > 0;
}

/** How many trials of a sweep are in which state. */
export async function countTrials(db: Executor, sweepId: string): Promise<Record<TrialStateName, number>> {
  const counts = { planned: 0, running: 0, done: 0, failed: 0, cancelled: 0 };
  const rows = await db
    .select({ state: trials.state, trials: count() })
    .from(trials)
    .where(eq(trials.sweepId, sweepId))
    .groupBy(trials.state);
  for (const row of rows) counts[row.state] = row.trials;
  return counts;
}

/** Nothing more is planned for one machine, in any sweep, and why. */
export async function endTargetsOfMachine(tx: Transaction, machineId: string, note: string): Promise<void> {
  const open = await tx
    .select()
    .from(sweepTargets)
    .where(and(eq(sweepTargets.machineId, machineId), eq(sweepTargets.finished, false)))
    .orderBy(sweepTargets.id)
    .for("update");
  for (const { id, notes } of open) await updateTarget(tx, id, { finished: true, notes: [...notes, note] });
}
