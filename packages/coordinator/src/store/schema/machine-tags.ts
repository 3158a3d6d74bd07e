// machine_tags: words that people gave to machines. An announcement does not touch them.
import { pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";
import { machines } from "./machines.ts";

export const machineTags = pgTable(
  "machine_tags",
  {
    machineId: text("machine_id")
      .notNull()
      .references(() => machines.id),
    tag: text("tag").notNull(),
    taggedAt: instant("tagged_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.machineId, table.tag] })],
);
