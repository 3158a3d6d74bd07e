// trials: one configuration of one model on one machine; attempts: each try under one lease.
import { boolean, index, integer, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";
import { sweeps, sweepTargets } from "./sweeps.ts";

export const trials = pgTable(
  "trials",
  {
    id: text("id").primaryKey(),
    sweepId: text("sweep_id")
      .notNull()
      .references(() => sweeps.id),
    targetId: integer("target_id")
      .notNull()
      .references(() => sweepTargets.id),
    machineId: text("machine_id").notNull(),
    ordinal: integer("ordinal").notNull(),
    /** It waits for whichever machine of its group is free first; until then machine and target stand for nothing. */
    forAnyone: boolean("for_anyone").notNull().default(false),
    configuration: bytea("configuration").notNull(),
    protocol: bytea("protocol").notNull(),
    purpose: integer("purpose").notNull(),
    reason: text("reason").notNull(),
    state: text("state", { enum: ["planned", "running", "done", "failed", "cancelled"] }).notNull(),
    /** Number of the newest attempt: the fencing token. 0 before the first. */
    attempt: integer("attempt").notNull().default(0),
    failedAttempts: integer("failed_attempts").notNull().default(0),
    failureClass: text("failure_class"),
    failureMessage: text("failure_message"),
    createdAt: instant("created_at").notNull().defaultNow(),
    endedAt: instant("ended_at"),
  },
  (table) => [
    uniqueIndex("trials_ordinal").on(table.targetId, table.ordinal),
    index("trials_sweep_state").on(table.sweepId, table.state),
    index("trials_machine_state").on(table.machineId, table.state),
  ],
);

export const attempts = pgTable(
  "attempts",
  {
    trialId: text("trial_id")
      .notNull()
      .references(() => trials.id),
    number: integer("number").notNull(),
    machineId: text("machine_id").notNull(),
    state: text("state", { enum: ["leased", "reported", "expired", "cancelled"] }).notNull(),
    /** The order reached the stream. False after a crash between COMMIT and publish: it is published again. */
    published: boolean("published").notNull().default(false),
    leaseExpiresAt: instant("lease_expires_at").notNull(),
    /** When its machine first said that it works on it. Null: not yet, or a version before 0.2 took it. */
    takenAt: instant("taken_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.trialId, table.number] }),
    index("attempts_state").on(table.state, table.leaseExpiresAt),
  ],
);
