// Queries on role tokens. Whether one has expired is said by Postgres' clock.
import type { Role } from "@ozone/shared/roles";
import { desc, eq, sql } from "drizzle-orm";
import type { Executor } from "./open-store.ts";
import { roleTokens } from "./schema/role-tokens.ts";

/** A role token as stored. */
export interface RoleTokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly hash: Uint8Array;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly expired: boolean;
}

const columns = {
  id: roleTokens.id,
  name: roleTokens.name,
  role: roleTokens.role,
  hash: roleTokens.hash,
  createdAt: roleTokens.createdAt,
  expiresAt: roleTokens.expiresAt,
  revokedAt: roleTokens.revokedAt,
  expired: sql<boolean>`coalesce(${roleTokens.expiresAt} <= now(), false)`,
};

/** Stores a new one. */
export async function insertRoleToken(
  db: Executor,
  token: { id: string; name: string; role: Role; hash: Uint8Array; expiresInMs: number | null },
): Promise<RoleTokenRow> {
  const { expiresInMs, ...values } = token;
  const expiresAt =
    expiresInMs === null ? null : sql<Date>`now() + make_interval(secs => ${expiresInMs / 1000})`;
  const [row] = await db
    .insert(roleTokens)
    .values({ ...values, expiresAt })
    .returning(columns);
  if (!row) throw new Error("Postgres stored no role token.");
  return row;
}

/** One of them, or null. */
export async function findRoleToken(db: Executor, id: string): Promise<RoleTokenRow | null> {
  const [row] = await db.select(columns).from(roleTokens).where(eq(roleTokens.id, id));
  return row ?? null;
}

/** All, newest first. */
export const listRoleTokens = (db: Executor): Promise<RoleTokenRow[]> =>
  db.select(columns).from(roleTokens).orderBy(desc(roleTokens.createdAt), roleTokens.id);

/** Revokes; a second time changes nothing. @returns null when there is none of this id. */
export async function revokeRoleToken(db: Executor, id: string): Promise<RoleTokenRow | null> {
  const [row] = await db
    .update(roleTokens)
    .set({ revokedAt: sql`coalesce(${roleTokens.revokedAt}, now())` })
    .where(eq(roleTokens.id, id))
    .returning(columns);
  return row ?? null;
}
