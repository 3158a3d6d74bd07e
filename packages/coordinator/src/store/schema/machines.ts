// machines: who has announced itself. The announcement is kept as it came.
import { index, pgTable, text } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

export const machines = pgTable(
  "machines",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    hostId: text("host_id").notNull(),
    hardwareClass: text("hardware_class").notNull(),
    announcement: bytea("announcement").notNull(),
    activity: text("activity").notNull().default(""),
    /** Why its agent takes no trials (WaitReason); null: it takes them. */
    waits: bytea("waits"),
    enrolledAt: instant("enrolled_at").notNull().defaultNow(),
    lastSeenAt: instant("last_seen_at").notNull().defaultNow(),
  },
  (table) => [index("machines_hardware_class").on(table.hardwareClass)],
);
