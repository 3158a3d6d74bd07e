// notifications: what is to be told to the webhook, and what came of it; machine_absences: the machines that were told of as
// missing. Rows are written in the transaction of what they tell.
import { bigint, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const notifications = pgTable(
  "notifications",
  {
    /** In the order of their making; the oldest go first when there are too many. */
    position: bigint("position", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    /** The webhook-id: the same at each try. */
    id: text("id").notNull().unique("notifications_id"),
    type: text("type").notNull(),
    /** Name of the sweep or machine, for people. */
    about: text("about").notNull(),
    /** The body, byte for byte as it is signed and sent. */
    body: text("body").notNull(),
    state: text("state", { enum: ["waiting", "delivered", "given_up"] }).notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
    attempts: integer("attempts").notNull().default(0),
    nextTryAt: instant("next_try_at").notNull().defaultNow(),
    /** What came back last, in one sentence. */
    answer: text("answer").notNull().default(""),
    endedAt: instant("ended_at"),
  },
  (table) => [index("notifications_due").on(table.state, table.nextTryAt)],
);

export const machineAbsences = pgTable("machine_absences", {
  machineId: text("machine_id").primaryKey(),
  /** When it was heard last before. */
  lastSeenAt: instant("last_seen_at").notNull(),
});
