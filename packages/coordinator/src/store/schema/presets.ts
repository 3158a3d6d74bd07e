// presets: the chosen configuration per purpose, keyed by hardware class, model, engine kind and version.
import { pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

export const presets = pgTable(
  "presets",
  {
    hardwareClass: text("hardware_class").notNull(),
    modelDigest: text("model_digest").notNull(),
    engineKind: text("engine_kind").notNull(),
    engineVersion: text("engine_version").notNull(),
    purpose: text("purpose").notNull(),
    modelName: text("model_name").notNull(),
    /** ozone.v1.Preset without refreshed_at: the same results give the same bytes. */
    document: bytea("document").notNull(),
    refreshedAt: instant("refreshed_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({
      columns: [table.hardwareClass, table.modelDigest, table.engineKind, table.engineVersion, table.purpose],
    }),
  ],
);
