// Queries on what people decided about machines: names, pauses, budgets and hours.
import type { WrittenHours } from "@ozone/shared/machine-hours";
import { and, eq, inArray, isNotNull, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Executor, Transaction } from "./open-store.ts";
import { machineIdentities } from "./schema/machine-identities.ts";
import { machineSettings } from "./schema/machine-settings.ts";
import { machines } from "./schema/machines.ts";

const setting = (wanted: PgColumn, id: PgColumn): SQL =>
  sql`(select ${wanted} from ${machineSettings} where ${machineSettings.machineId} = ${id})`;

/** Whether the machine of a row is paused. */
export const pausedColumn = sql<boolean>`${setting(machineSettings.pausedAt, machines.id)} is not null`;

/** When the machine of a row may be used; null: always. */
export const hoursColumn = sql<WrittenHours | null>`${setting(machineSettings.hours, machines.id)}`;

/** The name of the machine of a row: the one that it was given, else its own. */
export const nameColumn = sql<string>`coalesce(${setting(machineSettings.givenName, machines.id)}, ${machines.name})`;

/** The same, of an identity. */
export const identityNameColumn = sql<string>`coalesce(${setting(machineSettings.givenName, machineIdentities.machineId)}, ${machineIdentities.name})`;

/** Pauses or resumes. @returns whether that was news */
export async function setPaused(tx: Transaction, machineId: string, paused: boolean): Promise<boolean> {
  await tx.insert(machineSettings).values({ machineId }).onConflictDoNothing();
  const changed = await tx
    .update(machineSettings)
    .set({ pausedAt: paused ? sql`now()` : null })
    .where(
      and(eq(machineSettings.machineId, machineId), sql`(${machineSettings.pausedAt} is null) = ${paused}`),
    )
    .returning({ machineId: machineSettings.machineId });
  return changed.length > 0;
}

/** Sets the time for trials in 24 hours; null: as much as there is. @returns what it was before */
export async function setDailyMs(
  tx: Transaction,
  machineId: string,
  dailyMs: number | null,
): Promise<number | null> {
  await tx.insert(machineSettings).values({ machineId }).onConflictDoNothing();
  const [before] = await tx
    .select({ dailyMs: machineSettings.dailyMs })
    .from(machineSettings)
    .where(eq(machineSettings.machineId, machineId))
    .for("update");
  await tx.update(machineSettings).set({ dailyMs }).where(eq(machineSettings.machineId, machineId));
  return before?.dailyMs ?? null;
}

/** Sets when it may be used; null: always. @returns what it was before */
export async function setHours(
  tx: Transaction,
  machineId: string,
  hours: WrittenHours | null,
): Promise<WrittenHours | null> {
  await tx.insert(machineSettings).values({ machineId }).onConflictDoNothing();
  const [before] = await tx
    .select({ hours: machineSettings.hours })
    .from(machineSettings)
    .where(eq(machineSettings.machineId, machineId))
    .for("update");
  await tx.update(machineSettings).set({ hours }).where(eq(machineSettings.machineId, machineId));
  return before?.hours ?? null;
}

/** Gives a name. */
export async function setGivenName(tx: Transaction, machineId: string, givenName: string): Promise<void> {
  await tx
    .insert(machineSettings)
    .values({ machineId, givenName })
    .onConflictDoUpdate({ target: machineSettings.machineId, set: { givenName } });
}

/** Forgets all of it. */
export async function clearSettings(tx: Transaction, machineId: string): Promise<void> {
  await tx.delete(machineSettings).where(eq(machineSettings.machineId, machineId));
}

/** The paused ones among these machines, by name. */
export async function pausedAmong(db: Executor, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .select({ name: nameColumn })
    .from(machines)
    .innerJoin(machineSettings, eq(machineSettings.machineId, machines.id))
    .where(and(inArray(machines.id, [...ids]), isNotNull(machineSettings.pausedAt)))
    .orderBy(nameColumn, machines.id);
  return rows.map(({ name }) => name);
}
