// enrolment_tokens: what lets one machine enrol, once. Only the digest of the secret is kept.
import { boolean, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const enrolmentTokens = pgTable("enrolment_tokens", {
  id: text("id").primaryKey(),
  /** SHA-256 of the secret, in hexadecimal. */
  digest: text("digest").notNull().unique(),
  approved: boolean("approved").notNull(),
  /** The machine that it is for; null: any new one. */
  machineId: text("machine_id"),
  createdAt: instant("created_at").notNull().defaultNow(),
  expiresAt: instant("expires_at").notNull(),
  usedAt: instant("used_at"),
  usedBy: text("used_by"),
  withdrawnAt: instant("withdrawn_at"),
});
