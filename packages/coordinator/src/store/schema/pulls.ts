// pulls: models that machines were asked to pull for Ozone, and what became of it.
import { bigint, index, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const pulls = pgTable(
  "pulls",
  {
    id: text("id").primaryKey(),
    machineId: text("machine_id").notNull(),
    model: text("model").notNull(),
    /** What the same name is on other machines; empty: nobody has it, or they differ. */
    expectedDigest: text("expected_digest").notNull().default(""),
    state: text("state", { enum: ["waiting", "pulling", "pulled", "failed", "cancelled"] }).notNull(),
    /** Why it failed, or what it waits for. */
    problem: text("problem").notNull().default(""),
    digest: text("digest").notNull().default(""),
    completedBytes: bigint("completed_bytes", { mode: "number" }).notNull().default(0),
    totalBytes: bigint("total_bytes", { mode: "number" }).notNull().default(0),
    createdAt: instant("created_at").notNull().defaultNow(),
    endedAt: instant("ended_at"),
  },
  (table) => [index("pulls_state").on(table.state, table.machineId)],
);
