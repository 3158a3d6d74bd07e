// Queries on attempts: leases by Postgres' clock, so that no machine's clock matters.
import { Purpose } from "@ozone/proto/configuration";
import { ATTEMPT_LIFE_MS_MAX } from "@ozone/shared/limits";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { Executor, Transaction } from "./open-store.ts";
import { attempts, trials } from "./schema/trials.ts";

/** An attempt and whose it is. */
export interface AttemptRef {
  readonly trialId: string;
  readonly number: number;
  readonly machineId: string;
}

const ref = { trialId: attempts.trialId, number: attempts.number, machineId: attempts.machineId };
const leaseEnd = (leaseMs: number) => sql`now() + make_interval(secs => ${leaseMs / 1000})`;

/** Opens an attempt under a new lease. Its order is not published yet. */
export async function openAttempt(tx: Transaction, attempt: AttemptRef, leaseMs: number): Promise<void> {
  await tx.insert(attempts).values({ ...attempt, state: "leased", leaseExpiresAt: leaseEnd(leaseMs) });
}

/** Closes an attempt. */
export async function closeAttempt(
  tx: Transaction,
  { trialId, number }: Pick<AttemptRef, "trialId" | "number">,
  state: "reported" | "expired" | "cancelled",
): Promise<void> {
  await tx
    .update(attempts)
    .set({ state })
    .where(and(eq(attempts.trialId, trialId), eq(attempts.number, number)));
}

/** Whether an attempt has reported, be it something that could not be counted. */
export async function isReported(
  tx: Transaction,
  { trialId, number }: Pick<AttemptRef, "trialId" | "number">,
): Promise<boolean> {
  const rows = await tx
    .select({ state: attempts.state })
    .from(attempts)
    .where(and(eq(attempts.trialId, trialId), eq(attempts.number, number)));
  return rows[0]?.state === "reported";
}

const isLeased = ({ trialId, number, machineId }: AttemptRef) =>
  and(
    eq(attempts.trialId, trialId),
    eq(attempts.number, number),
    eq(attempts.machineId, machineId),
    eq(attempts.state, "leased"),
  );

/** Prolongs a live lease. @returns false when the attempt is not (or no longer) leased to this machine. */
export async function extendLease(db: Executor, attempt: AttemptRef, leaseMs: number): Promise<boolean> {
  const extended = await db
    .update(attempts)
    .set({ leaseExpiresAt: leaseEnd(leaseMs) })
    .where(isLeased(attempt))
    .returning({ number: attempts.number });
  return extended.length > 0;
}

/** It has been worked on for longer than any order takes. */
const isTooLong = sql`${attempts.takenAt} < now() - make_interval(secs => ${ATTEMPT_LIFE_MS_MAX / 1000})`;
/** What `keepAttempt` leaves of a lease that it ends; time alone never does, so that nobody is blamed for a coordinator's absence. */
const isOverrun = sql<boolean>`coalesce(${attempts.leaseExpiresAt} <= ${attempts.takenAt}, false)`;

/**
 * The machine says that it works on it. When it has said so for longer than any order takes, the lease ends here.
 * @returns false when the attempt is not (or no longer) leased to this machine
 */
export async function keepAttempt(db: Executor, attempt: AttemptRef, leaseMs: number): Promise<boolean> {
  const [kept] = await db
    .update(attempts)
    .set({
      takenAt: sql`coalesce(${attempts.takenAt}, now())`,
      leaseExpiresAt: sql`case when ${isTooLong} then ${attempts.takenAt} else ${leaseEnd(leaseMs)} end`,
    })
    .where(isLeased(attempt))
    .returning({ isOverrun });
  return kept?.isOverrun === false;
}

/** After a coordinator's absence no lease may end for want of heartbeats that nobody could hear. */
export async function extendAllLeases(db: Executor, leaseMs: number): Promise<void> {
  await db
    .update(attempts)
    .set({ leaseExpiresAt: leaseEnd(leaseMs) })
    .where(eq(attempts.state, "leased"));
}

/** When an attempt was opened; null: there is none. */
export async function attemptOpenedAt(
  db: Executor,
  { trialId, number }: Pick<AttemptRef, "trialId" | "number">,
): Promise<Date | null> {
  const [row] = await db
    .select({ openedAt: attempts.createdAt })
    .from(attempts)
    .where(and(eq(attempts.trialId, trialId), eq(attempts.number, number)));
  return row?.openedAt ?? null;
}

/** How many leases of a trial have ended without a result. */
export async function countExpired(db: Executor, trialId: string): Promise<number> {
  const rows = await db
    .select({ number: attempts.number })
    .from(attempts)
    .where(and(eq(attempts.trialId, trialId), eq(attempts.state, "expired")));
  return rows.length;
}

/** Leases that have run out, or that `keepAttempt` ended. */
export const expiredAttempts = (db: Executor): Promise<(AttemptRef & { readonly isOverrun: boolean })[]> =>
  db
    .select({ ...ref, isOverrun })
    .from(attempts)
    .where(and(eq(attempts.state, "leased"), sql`${attempts.leaseExpiresAt} < now()`))
    .orderBy(attempts.trialId);

/** What one machine has under lease. */
export const leasesOfMachine = (db: Executor, machineId: string): Promise<AttemptRef[]> =>
  db
    .select(ref)
    .from(attempts)
    .where(and(eq(attempts.state, "leased"), eq(attempts.machineId, machineId)))
    .orderBy(attempts.trialId);

/** The trial that each machine has under lease, by machine. */
export async function leasedTrials(db: Executor): Promise<ReadonlyMap<string, string>> {
  const leased = await db.select(ref).from(attempts).where(eq(attempts.state, "leased"));
  return new Map(leased.map(({ machineId, trialId }) => [machineId, trialId]));
}

/** Leased attempts whose order has not reached the stream. */
export const unpublishedAttempts = (db: Executor): Promise<AttemptRef[]> =>
  db
    .select(ref)
    .from(attempts)
    .where(and(eq(attempts.state, "leased"), eq(attempts.published, false)))
    .orderBy(attempts.trialId);

/** Notes that the order reached the stream. */
export async function markPublished(db: Executor, { trialId, number }: AttemptRef): Promise<void> {
  await db
    .update(attempts)
    .set({ published: true })
    .where(and(eq(attempts.trialId, trialId), eq(attempts.number, number)));
}

/**
 * For each of these machines the next planned trial of a running sweep, if the machine has no trial running; nothing of
 * `withoutTargets`. A drift reference goes before what was planned earlier: it was planned because it is due.
 */
export async function nextTrialIds(
  db: Executor,
  machineIds: readonly string[],
  withoutTargets: readonly number[] = [],
): Promise<string[]> {
  if (machineIds.length === 0) return [];
  const without =
    withoutTargets.length === 0
      ? sql``
      : sql`and t.target_id not in (${sql.join(
          withoutTargets.map((id) => sql`${id}`),
          sql`, `,
        )})`;
  const rows = await db.execute<{ id: string }>(sql`
    select distinct on (t.machine_id) t.id
    from trials t
    join sweeps s on s.id = t.sweep_id and s.state = 'running' and s.draining_since is null
    where t.state = 'planned' and not t.for_anyone ${without}
      and t.machine_id in (${sql.join(
        machineIds.map((id) => sql`${id}`),
        sql`, `,
      )})
      and not exists (select 1 from trials r where r.machine_id = t.machine_id and r.state = 'running')
    order by t.machine_id, s.priority desc, s.created_at, s.id, t.target_id, t.purpose <> ${Purpose.REFERENCE}, t.ordinal`);
  return rows.rows.map(({ id }) => id);
}

/** Running trials of one machine: at most one. */
export const runningTrialIds = async (db: Executor, machineIds: readonly string[]): Promise<string[]> => {
  const rows = await db
    .select({ id: trials.id })
    .from(trials)
    .where(and(inArray(trials.machineId, [...machineIds]), eq(trials.state, "running")));
  return rows.map(({ id }) => id);
};
