// role_tokens: what callers from outside show with each call, as hashes.
import { pgTable, text } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

export const roleTokens = pgTable("role_tokens", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  role: text("role", { enum: ["viewer", "operator", "admin"] }).notNull(),
  /** SHA-256 of the token's 256 random bits. */
  hash: bytea("hash").notNull(),
  createdAt: instant("created_at").notNull().defaultNow(),
  /** Null: it does not expire. */
  expiresAt: instant("expires_at"),
  revokedAt: instant("revoked_at"),
});
