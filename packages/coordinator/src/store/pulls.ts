// Queries on pulls: models that machines were asked to pull.
import { and, asc, desc, eq, inArray, sql } from "drizzle-orm";
import type { Executor } from "./open-store.ts";
import { pulls } from "./schema/pulls.ts";

/** A pull as stored. */
export type PullRow = typeof pulls.$inferSelect;

/** States in which an order is still given. */
const OPEN = ["waiting", "pulling"] as const;
const isOpen = inArray(pulls.state, [...OPEN]);

/** Whether there is something to pull for the machine of a row. Names are spelt out: both tables have an id. */
export const hasPullsColumn = sql<boolean>`exists (select 1 from pulls p where p.machine_id = machines.id and p.state in ('waiting', 'pulling'))`;

/** Stores a new one. */
export async function insertPull(
  db: Executor,
  pull: Pick<PullRow, "id" | "machineId" | "model" | "expectedDigest">,
): Promise<PullRow> {
  const [row] = await db
    .insert(pulls)
    .values({ ...pull, state: "waiting" })
    .returning();
  if (!row) throw new Error("Postgres stored no pull and did not say why.");
  return row;
}

/** What a machine is to pull, oldest first. */
export const openPulls = (db: Executor, machineId: string): Promise<PullRow[]> =>
  db
    .select()
    .from(pulls)
    .where(and(eq(pulls.machineId, machineId), isOpen))
    .orderBy(asc(pulls.createdAt), asc(pulls.id));

/** These pulls, or the newest ones. */
export const listPulls = (db: Executor, ids: readonly string[], limit: number): Promise<PullRow[]> =>
  db
    .select()
    .from(pulls)
    .where(ids.length === 0 ? undefined : inArray(pulls.id, [...ids]))
    .orderBy(desc(pulls.createdAt), desc(pulls.id))
    .limit(limit);

/** What changes when a machine tells of a pull. */
export type PullChange = Pick<PullRow, "state" | "problem" | "digest" | "completedBytes" | "totalBytes">;

/** Notes what became of an open pull of this machine; one that has ended stays as it is. */
export async function changePull(
  db: Executor,
  { id, machineId }: Pick<PullRow, "id" | "machineId">,
  change: Partial<PullChange>,
): Promise<void> {
  const ended = change.state !== undefined && !(OPEN as readonly string[]).includes(change.state);
  await db
    .update(pulls)
    .set({ ...change, ...(ended ? { endedAt: sql`now()` } : {}) })
    .where(and(eq(pulls.id, id), eq(pulls.machineId, machineId), isOpen));
}
