// rollouts: one preset for several machines, as asked for; rollout_targets: what became of it on each of them.
import { boolean, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

export const rollouts = pgTable(
  "rollouts",
  {
    id: text("id").primaryKey(),
    /** ozone.v1.RolloutRequest, completed. */
    request: bytea("request").notNull(),
    state: text("state", {
      enum: ["running", "kept", "partly kept", "rolled back", "cancelled", "not applied", "undone"],
    }).notNull(),
    because: text("because").notNull().default(""),
    /** Nothing more is sent: why. Null while it goes on. */
    stopped: text("stopped", { enum: ["regression", "cancelled", "undone"] }),
    stoppedBecause: text("stopped_because").notNull().default(""),
    keepKept: boolean("keep_kept").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
    finishedAt: instant("finished_at"),
  },
  (table) => [index("rollouts_state").on(table.state)],
);

export const rolloutTargets = pgTable(
  "rollout_targets",
  {
    rolloutId: text("rollout_id")
      .notNull()
      .references(() => rollouts.id),
    /** Machines are sent to in this order. */
    position: integer("position").notNull(),
    machineId: text("machine_id").notNull(),
    machineName: text("machine_name").notNull(),
    canary: boolean("canary").notNull().default(false),
    state: text("state", {
      enum: [
        "planned",
        "sent",
        "kept",
        "rolled back",
        "not applied",
        "no answer",
        "left out",
        "not sent",
        "taking back",
        "taken back",
        "not taken back",
        "still to take back",
      ],
    }).notNull(),
    because: text("because").notNull().default(""),
    /** ozone.v1.ApplyingOutcome of applying, as the agent said it. */
    outcome: bytea("outcome"),
    activity: text("activity").notNull().default(""),
    /** When its order was opened, or the machine last said that it is at it. */
    heardAt: instant("heard_at"),
  },
  (table) => [
    primaryKey({ columns: [table.rolloutId, table.position] }),
    index("rollout_targets_machine").on(table.machineId, table.state),
  ],
);
