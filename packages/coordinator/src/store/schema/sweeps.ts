// sweeps: what people asked for; sweep_targets: one row per machine and model of a sweep, the unit that is searched.
import { boolean, index, integer, jsonb, pgTable, smallint, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

export const sweeps = pgTable(
  "sweeps",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    request: bytea("request").notNull(),
    state: text("state", { enum: ["running", "done", "cancelled", "failed"] }).notNull(),
    /** A machine serves the greatest first: 1 high, 0 normal, -1 low. Of the request, for queries. */
    priority: smallint("priority").notNull().default(0),
    createdAt: instant("created_at").notNull().defaultNow(),
    finishedAt: instant("finished_at"),
    /** Since when no further trial of it begins: it ends with those that run. Null: it goes on. */
    drainingSince: instant("draining_since"),
  },
  (table) => [index("sweeps_state").on(table.state)],
);

export const sweepTargets = pgTable(
  "sweep_targets",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    machineId: text("machine_id").notNull(),
    modelName: text("model_name").notNull(),
    modelDigest: text("model_digest").notNull(),
    finished: boolean("finished").notNull().default(false),
    notes: jsonb("notes").$type<string[]>().notNull().default([]),
    /** Targets of one group share one search: what makes them comparable, as text. Empty: this one is searched alone. */
    shareGroup: text("share_group").notNull().default(""),
    /** It was found to be odd among its group: its results do not count for its class. */
    oddSince: instant("odd_since"),
  },
  (table) => [uniqueIndex("sweep_targets_once").on(table.sweepId, table.machineId, table.modelDigest)],
);
