// results: what attempts reported, exactly as signed off by the agent; samples: its figures, for queries;
// quarantine: what could not be counted, kept for a person to look at.
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";
import { trials } from "./trials.ts";

export const results = pgTable(
  "results",
  {
    trialId: text("trial_id")
      .notNull()
      .references(() => trials.id),
    attempt: integer("attempt").notNull(),
    machineId: text("machine_id").notNull(),
    sweepId: text("sweep_id").notNull(),
    targetId: integer("target_id").notNull(),
    hardwareClass: text("hardware_class").notNull(),
    modelName: text("model_name").notNull(),
    modelDigest: text("model_digest").notNull(),
    engineKind: text("engine_kind").notNull(),
    engineVersion: text("engine_version").notNull(),
    configurationKey: text("configuration_key").notNull(),
    purpose: smallint("purpose").notNull(),
    verdict: smallint("verdict").notNull(),
    provenance: smallint("provenance").notNull(),
    failureClass: text("failure_class"),
    elapsedMs: doublePrecision("elapsed_ms").notNull(),
    payload: bytea("payload").notNull(),
    receivedAt: instant("received_at").notNull().defaultNow(),
    /** The public key that signed the payload, and its signature; null: nobody did. */
    signedBy: text("signed_by"),
    signature: bytea("signature"),
    /** Its raw details were dropped from the payload; null: they are there. */
    rawDroppedAt: instant("raw_dropped_at"),
  },
  (table) => [
    primaryKey({ columns: [table.trialId, table.attempt] }),
    index("results_raw").on(table.receivedAt).where(sql`raw_dropped_at is null`),
    index("results_preset_key").on(
      table.hardwareClass,
      table.modelDigest,
      table.engineKind,
      table.engineVersion,
    ),
    index("results_target").on(table.targetId),
    index("results_sweep").on(table.sweepId),
    index("results_machine_received").on(table.machineId, table.receivedAt),
  ],
);

export const samples = pgTable(
  "samples",
  {
    trialId: text("trial_id").notNull(),
    attempt: integer("attempt").notNull(),
    position: smallint("position").notNull(),
    valid: boolean("valid").notNull(),
    promptTokens: integer("prompt_tokens").notNull(),
    generatedTokens: integer("generated_tokens").notNull(),
    prefillTokensPerSecond: doublePrecision("prefill_tokens_per_second"),
    decodeTokensPerSecond: doublePrecision("decode_tokens_per_second"),
    ttftMs: doublePrecision("ttft_ms"),
    interTokenP50Ms: doublePrecision("inter_token_p50_ms"),
    interTokenP95Ms: doublePrecision("inter_token_p95_ms"),
    failedChecks: text("failed_checks").array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.trialId, table.attempt, table.position] })],
);

export const quarantine = pgTable(
  "quarantine",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    machineId: text("machine_id").notNull(),
    reason: text("reason").notNull(),
    /** SHA-256 of the payload: a message that is sent again is kept once. */
    digest: text("digest").notNull(),
    payload: bytea("payload").notNull(),
    receivedAt: instant("received_at").notNull().defaultNow(),
    /** As it came, of whatever key; null: it had none, or came before signatures were kept here. */
    signature: bytea("signature"),
  },
  (table) => [uniqueIndex("quarantine_once").on(table.machineId, table.digest)],
);
