// machine_identities: who may be in the fleet, by key. A row stays when its machine is removed: the key must not come back.
import { pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const machineIdentities = pgTable("machine_identities", {
  /** No foreign key: a machine enrols before it announces itself. */
  machineId: text("machine_id").primaryKey(),
  name: text("name").notNull(),
  /** NKey of a user. Null: a machine without one (an external NATS), barred all the same. */
  publicKey: text("public_key").unique(),
  state: text("state", { enum: ["pending", "approved", "revoked", "removed"] }).notNull(),
  enrolledAt: instant("enrolled_at").notNull().defaultNow(),
  decidedAt: instant("decided_at"),
});
