// machine_settings: what people decided about machines that an announcement does not touch: another name, a pause, a
// budget of time and hours.
import type { WrittenHours } from "@ozone/shared/machine-hours";
import { integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const machineSettings = pgTable("machine_settings", {
  /** No foreign key: a machine may be paused before it announces itself. */
  machineId: text("machine_id").primaryKey(),
  /** Null: the name that its agent says. */
  givenName: text("given_name"),
  /** Null: it takes trials. */
  pausedAt: instant("paused_at"),
  /** Milliseconds of trials that it may run in 24 hours. Null: as much as there is. */
  dailyMs: integer("daily_ms"),
  /** When it may run trials. Null: always. */
  hours: jsonb("hours").$type<WrittenHours>(),
});
