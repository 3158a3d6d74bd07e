// Queries on the audit log.
import { desc } from "drizzle-orm";
import type { Executor } from "./open-store.ts";
import { acts } from "./schema/acts.ts";

/**
 * Who decides. On loopback nobody has proved who they are, and the name of a caller's role token does not reach what is
 * done yet.
 */
export const ADMINISTRATOR = "an administrator";

/** What was done. */
export interface Act {
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
