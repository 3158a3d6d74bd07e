// schedules: sweeps that are started by the clock; schedule_runs: what became of each occurrence, once.
import { bigint, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

export const schedules = pgTable("schedules", {
  name: text("name").primaryKey(),
  cron: text("cron").notNull(),
  timeZone: text("time_zone").notNull(),
  /** ozone.v1.SweepRequest, as asked for: completed anew each time. */
  request: bytea("request").notNull(),
  windowMs: bigint("window_ms", { mode: "number" }).notNull(),
  lateMs: bigint("late_ms", { mode: "number" }).notNull(),
  /** Null: its occurrences are started. */
  pausedAt: instant("paused_at"),
  /** Occurrences after this are its own: when it was made or resumed. */
  since: instant("since").notNull().defaultNow(),
  createdAt: instant("created_at").notNull().defaultNow(),
});

export const scheduleRuns = pgTable(
  "schedule_runs",
  {
    /** No foreign key to the sweep: one that failed to start has none. */
    schedule: text("schedule")
      .notNull()
      .references(() => schedules.name),
    /** The occurrence. Unique for a schedule: two coordinators, or one that was killed and came back, start it once. */
    dueAt: instant("due_at").notNull(),
    outcome: text("outcome", { enum: ["started", "skipped", "missed", "failed"] }).notNull(),
    because: text("because").notNull().default(""),
    sweepId: text("sweep_id"),
    /** Its sweep begins no further trial after this; null: as long as it likes. */
    endsAt: instant("ends_at"),
  },
  (table) => [
    primaryKey({ columns: [table.schedule, table.dueAt] }),
    index("schedule_runs_sweep").on(table.sweepId),
  ],
);
