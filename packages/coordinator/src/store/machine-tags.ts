// Queries on the tags of machines.
import { and, eq, inArray, sql } from "drizzle-orm";
import type { Executor } from "./open-store.ts";
import { machineTags } from "./schema/machine-tags.ts";
import { machines } from "./schema/machines.ts";

/** The tags of the machine of a row, in the order of their bytes whatever the database sorts by. */
export const tagsColumn = sql<
  string[]
>`array(select ${machineTags.tag} from ${machineTags} where ${machineTags.machineId} = ${machines.id} order by ${machineTags.tag} collate "C")`;

/** Adds tags; those that are there already stay as they are. */
export async function addTags(db: Executor, machineId: string, tags: readonly string[]): Promise<void> {
  if (tags.length === 0) return;
  await db
    .insert(machineTags)
    .values(tags.map((tag) => ({ machineId, tag })))
    .onConflictDoNothing();
}

/** Takes tags away. */
export async function removeTags(db: Executor, machineId: string, tags: readonly string[]): Promise<void> {
  if (tags.length === 0) return;
  await db
    .delete(machineTags)
    .where(and(eq(machineTags.machineId, machineId), inArray(machineTags.tag, [...tags])));
}

/** Takes all tags away. */
export async function clearTags(db: Executor, machineId: string): Promise<void> {
  await db.delete(machineTags).where(eq(machineTags.machineId, machineId));
}
