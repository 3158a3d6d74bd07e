// acts: the audit log. Rows are added, in the transaction of the act, and never changed.
import { bigint, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const acts = pgTable("acts", {
  id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  at: instant("at").notNull().defaultNow(),
  who: text("who").notNull(),
  what: text("what").notNull(),
  /** The machine or token that it was done to. */
  about: text("about").notNull(),
  detail: text("detail").notNull().default(""),
});
