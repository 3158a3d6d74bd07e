// leadership: one row, which of the coordinators on this database leads. Its term is a key, so that taking it over waits for
// transactions that hold it, while renewing it does not (store/leadership.ts).
import { bigint, integer, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const leadership = pgTable("leadership", {
  /** Always 1. */
  id: integer("id").primaryKey(),
  /** Goes up each time that somebody takes the lead. */
  term: bigint("term", { mode: "number" }).notNull().unique("leadership_term"),
  /** The coordinator-id of a data folder. */
  holder: text("holder").notNull(),
  /** For people: host and process. */
  name: text("name").notNull(),
  expiresAt: instant("expires_at").notNull(),
});
