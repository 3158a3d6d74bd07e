// Queries on the audit log.
import { desc } from "drizzle-orm";
import type { Executor } from "./open-store.ts";
import { acts } from "./schema/acts.ts";

/** What was done. */
export interface Act {
  /** The holder of a role token by its name, a machine by its id, or that nobody had to prove who they are. */
  readonly who: string;
  readonly what: string;
  readonly about: string;
  readonly detail?: string;
}

/** An act as noted. */
export type ActRow = Required<Act> & { readonly at: Date };

/** Notes an act, in the transaction that does it. */
export async function noteAct(db: Executor, act: Act): Promise<void> {
  await db.insert(acts).values(act);
}

/** The newest acts, newest first. */
export const newestActs = (db: Executor, limit: number): Promise<ActRow[]> =>
  db
    .select({ at: acts.at, who: acts.who, what: acts.what, about: acts.about, detail: acts.detail })
    .from(acts)
    .orderBy(desc(acts.id))
    .limit(limit);
