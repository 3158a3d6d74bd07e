// Queries on notifications. Times are Postgres' own, also the one that is signed.
import { and, asc, count, desc, eq, isNotNull, lt, lte, max, sql } from "drizzle-orm";
import type { Executor, Transaction } from "./open-store.ts";
import { notifications } from "./schema/notifications.ts";

/** Where a notification stands. */
export type NotificationState = (typeof notifications.$inferSelect)["state"];

/** A notification as stored. */
export type NotificationRow = Omit<typeof notifications.$inferSelect, "position">;

/** A notification to be stored. */
export type NewNotification = Pick<NotificationRow, "id" | "type" | "about" | "body">;

/** One that is due. */
export interface DueNotification extends Pick<NotificationRow, "id" | "body" | "attempts"> {
  readonly ageMs: number;
  /** Seconds since 1970 by Postgres' clock. */
  readonly nowS: number;
}

/** What came of a try. */
export type TryOutcome =
  | { readonly state: "delivered" | "given_up"; readonly answer: string }
  | { readonly state: "waiting"; readonly answer: string; readonly retryInMs: number };

const columns = {
  ...{ id: notifications.id, type: notifications.type, about: notifications.about, body: notifications.body },
  ...{ state: notifications.state, createdAt: notifications.createdAt, attempts: notifications.attempts },
  ...{ nextTryAt: notifications.nextTryAt, answer: notifications.answer, endedAt: notifications.endedAt },
};

const afterMs = (ms: number) => sql`now() + make_interval(secs => ${ms / 1000})`;

/** Stores one, to be sent as soon as the transaction is committed. */
export async function insertNotification(tx: Transaction, made: NewNotification): Promise<void> {
  await tx.insert(notifications).values({ ...made, state: "waiting" });
}

/** Those whose time has come, the longest due first. */
export const dueNotifications = (db: Executor, limit: number): Promise<DueNotification[]> =>
  db
    .select({
      ...{ id: notifications.id, body: notifications.body, attempts: notifications.attempts },
      ageMs: sql<number>`(extract(epoch from now() - ${notifications.createdAt}) * 1000)::float8`,
      nowS: sql<number>`floor(extract(epoch from now()))::float8`,
    })
    .from(notifications)
    .where(and(eq(notifications.state, "waiting"), lte(notifications.nextTryAt, sql`now()`)))
    .orderBy(asc(notifications.nextTryAt), asc(notifications.position))
    .limit(limit);

/** Seconds since 1970 by Postgres' clock. */
export async function postgresSeconds(db: Executor): Promise<number> {
  const { rows } = await db.execute<{ s: number }>(sql`select floor(extract(epoch from now()))::float8 as s`);
  return rows[0]?.s ?? 0;
}

/** Notes a try. */
export async function noteTry(tx: Transaction, id: string, outcome: TryOutcome): Promise<void> {
  const { state, answer } = outcome;
  await tx
    .update(notifications)
    .set({
      ...{ state, answer, attempts: sql`${notifications.attempts} + 1` },
      ...(outcome.state === "waiting" ? { nextTryAt: afterMs(outcome.retryInMs) } : { endedAt: sql`now()` }),
    })
    .where(and(eq(notifications.id, id), eq(notifications.state, "waiting")));
}

/** Newest first. */
export const newestNotifications = (db: Executor, limit: number): Promise<NotificationRow[]> =>
  db.select(columns).from(notifications).orderBy(desc(notifications.position)).limit(limit);

/** How many there are in each state. */
export async function countNotifications(db: Executor): Promise<Readonly<Record<string, number>>> {
  const rows = await db
    .select({ state: notifications.state, many: count() })
    .from(notifications)
    .groupBy(notifications.state);
  return Object.fromEntries(rows.map(({ state, many }) => [state, many]));
}

/** Deletes what ended so long ago, and the oldest beyond a number, whatever became of them. */
export async function trimNotifications(
  tx: Transaction,
  { keptMs, keptMax }: { readonly keptMs: number; readonly keptMax: number },
): Promise<void> {
  const old = lt(notifications.endedAt, sql`now() - make_interval(secs => ${keptMs / 1000})`);
  await tx.delete(notifications).where(and(isNotNull(notifications.endedAt), old));
  const [newest] = await tx.select({ position: max(notifications.position) }).from(notifications);
  await tx.delete(notifications).where(lte(notifications.position, (newest?.position ?? 0) - keptMax));
}
