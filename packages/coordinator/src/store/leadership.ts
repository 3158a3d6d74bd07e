// Queries on who leads: a lease by Postgres' clock, and the term as the fencing token of everything that the leader writes.
import { and, eq, sql } from "drizzle-orm";
import type { Database, Executor, Transaction } from "./open-store.ts";
import { leadership } from "./schema/leadership.ts";

/** Who may lead. */
export interface Candidate {
  /** Of the data folder: a process that starts there knows that the one before it is gone. */
  readonly id: string;
  /** For people: host and process. */
  readonly name: string;
  readonly leaseMs: number;
}

/** Who leads as stored. */
export interface LeadRow {
  readonly term: number;
  readonly holder: string;
  readonly name: string;
  /** Until the lease ends, by Postgres' clock; negative: since it ended. */
  readonly leftMs: number;
}

const THE_ROW = 1;
const NOBODY = { id: THE_ROW, term: 0, holder: "", name: "" };
/** Who takes over waits so long for transactions of the one before. */
const TAKE_WAIT_MS = 1_000;
const LOCK_NOT_AVAILABLE = "55P03";

const leaseEnd = (leaseMs: number) => sql`now() + make_interval(secs => ${leaseMs / 1000})`;
const heldAs = (term: number) => and(eq(leadership.id, THE_ROW), eq(leadership.term, term));
const columns = {
  term: leadership.term,
  holder: leadership.holder,
  name: leadership.name,
  leftMs: sql<number>`(extract(epoch from ${leadership.expiresAt} - now()) * 1000)::float8`,
};

/** Who leads; null: nobody ever did. */
export async function readLead(db: Executor): Promise<LeadRow | null> {
  const [row] = await db.select(columns).from(leadership).where(eq(leadership.id, THE_ROW));
  return row ?? null;
}

/** @returns false when another has taken the lead meanwhile. */
export async function renewLead(db: Executor, term: number, leaseMs: number): Promise<boolean> {
  const renewed = await db
    .update(leadership)
    .set({ expiresAt: leaseEnd(leaseMs) })
    .where(heldAs(term))
    .returning({ term: leadership.term });
  return renewed.length > 0;
}

/** Whoever looks next may lead. */
export async function giveLeadBack(db: Executor, term: number): Promise<void> {
  await db.update(leadership).set({ expiresAt: sql`now()` }).where(heldAs(term));
}

/**
 * Keeps the term from being taken over until the transaction ends. Those that hold it do not wait for each other, nor does
 * renewing it; taking it over does, since it changes a key.
 * @returns false when it was taken over before
 */
export async function holdTerm(tx: Transaction, term: number): Promise<boolean> {
  const held = await tx
    .select({ term: leadership.term })
    .from(leadership)
    .where(heldAs(term))
    .for("key share");
  return held.length > 0;
}

const codeOf = (thrown: unknown): unknown =>
  (thrown as { code?: unknown; cause?: { code?: unknown } }).cause?.code ??
  (thrown as { code?: unknown }).code;

/**
 * A leader that was stopped, or whose host is gone, in the middle of a transaction holds its term and its locks for as long as
 * Postgres believes in its connection. Once its lease has ended such connections are ended, as it would itself at its next word.
 */
async function endAbandonedTransactions(db: Executor, leaseMs: number): Promise<void> {
  await db.execute(sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
      and application_name = current_setting('application_name') and state like 'idle in transaction%'
      and state_change < now() - make_interval(secs => ${leaseMs / 1000})`);
}

/**
 * Takes the lead when its lease has ended. `afterRestart`: also when it is held from the same data folder, whose process before
 * is known to be gone.
 * @returns the new term; null: another one leads
 */
export async function takeLead(
  db: Database,
  { id, name, leaseMs }: Candidate,
  afterRestart: boolean,
): Promise<number | null> {
  const isFree = (row: LeadRow | undefined): row is LeadRow =>
    row !== undefined && (row.leftMs <= 0 || (afterRestart && row.holder === id));
  const now = await readLead(db);
  if (now === null)
    await db
      .insert(leadership)
      .values({ ...NOBODY, expiresAt: sql`now()` })
      .onConflictDoNothing();
  else if (!isFree(now)) return null;
  try {
    return await db.transaction(async (tx) => {
      await tx.execute(sql.raw(`set local lock_timeout = ${TAKE_WAIT_MS}`));
      const [row] = await tx.select(columns).from(leadership).where(eq(leadership.id, THE_ROW)).for("update");
      if (!isFree(row)) return null;
      const term = row.term + 1;
      await tx
        .update(leadership)
        .set({ term, holder: id, name, expiresAt: leaseEnd(leaseMs) })
        .where(eq(leadership.id, THE_ROW));
      return term;
    });
  } catch (thrown) {
    if (codeOf(thrown) !== LOCK_NOT_AVAILABLE) throw thrown;
    await endAbandonedTransactions(db, leaseMs);
    return null;
  }
}
