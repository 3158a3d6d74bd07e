// Queries on enrolment tokens.
import { and, desc, eq, isNull, or, sql } from "drizzle-orm";
import type { Executor, Transaction } from "./open-store.ts";
import { enrolmentTokens } from "./schema/enrolment-tokens.ts";

/** A token as stored; `state` is by Postgres' clock. */
export interface TokenRow {
  readonly id: string;
  readonly approved: boolean;
  readonly machineId: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly usedBy: string | null;
  readonly state: "open" | "used" | "expired" | "withdrawn";
}

const columns = {
  id: enrolmentTokens.id,
  approved: enrolmentTokens.approved,
  machineId: enrolmentTokens.machineId,
  createdAt: enrolmentTokens.createdAt,
  expiresAt: enrolmentTokens.expiresAt,
  usedBy: enrolmentTokens.usedBy,
  state: sql<TokenRow["state"]>`case
    when ${enrolmentTokens.usedAt} is not null then 'used'
    when ${enrolmentTokens.withdrawnAt} is not null then 'withdrawn'
    when ${enrolmentTokens.expiresAt} <= now() then 'expired'
    else 'open' end`,
};

/** A token to be written down. */
export interface NewToken {
  readonly id: string;
  readonly digest: string;
  readonly approved: boolean;
  readonly machineId: string | null;
  readonly validMs: number;
}

/** Writes a token down. */
export async function insertToken(db: Executor, { validMs, ...token }: NewToken): Promise<void> {
  const expiresAt = sql`now() + make_interval(secs => ${validMs / 1000})`;
  await db.insert(enrolmentTokens).values({ ...token, expiresAt });
}

/** Uses a token up: of any number at the same time one succeeds. @returns null when it is not open for this machine */
export async function useToken(
  tx: Transaction,
  digest: string,
  machineId: string,
): Promise<{ approved: boolean; machineId: string | null } | null> {
  const used = await tx
    .update(enrolmentTokens)
    .set({ usedAt: sql`now()`, usedBy: machineId })
    .where(
      and(
        eq(enrolmentTokens.digest, digest),
        isNull(enrolmentTokens.usedAt),
        isNull(enrolmentTokens.withdrawnAt),
        sql`${enrolmentTokens.expiresAt} > now()`,
        or(isNull(enrolmentTokens.machineId), eq(enrolmentTokens.machineId, machineId)),
      ),
    )
    .returning({ approved: enrolmentTokens.approved, machineId: enrolmentTokens.machineId });
  return used[0] ?? null;
}

/** The token of a digest, or null. */
export const tokenOfDigest = async (db: Executor, digest: string): Promise<TokenRow | null> =>
  (await db.select(columns).from(enrolmentTokens).where(eq(enrolmentTokens.digest, digest)))[0] ?? null;

/** The token of an id, or null. */
export const findToken = async (db: Executor, id: string): Promise<TokenRow | null> =>
  (await db.select(columns).from(enrolmentTokens).where(eq(enrolmentTokens.id, id)))[0] ?? null;

/** Closes an open token. @returns whether it was open */
export async function withdrawToken(db: Executor, id: string): Promise<boolean> {
  const withdrawn = await db
    .update(enrolmentTokens)
    .set({ withdrawnAt: sql`now()` })
    .where(
      and(
        eq(enrolmentTokens.id, id),
        isNull(enrolmentTokens.usedAt),
        isNull(enrolmentTokens.withdrawnAt),
        sql`${enrolmentTokens.expiresAt} > now()`,
      ),
    )
    .returning({ id: enrolmentTokens.id });
  return withdrawn.length > 0;
}

/** The newest tokens, newest first. */
export const listTokens = (db: Executor, limit: number): Promise<TokenRow[]> =>
  db
    .select(columns)
    .from(enrolmentTokens)
    .orderBy(desc(enrolmentTokens.createdAt), enrolmentTokens.id)
    .limit(limit);
