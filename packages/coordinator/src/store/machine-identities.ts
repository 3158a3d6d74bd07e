// Queries on the identities of machines.
import type { AdmissionState } from "@ozone/shared/enrolment";
import { and, eq, getTableColumns, inArray, isNotNull, sql } from "drizzle-orm";
import { identityNameColumn } from "./machine-settings.ts";
import type { Executor, Transaction } from "./open-store.ts";
import { machineIdentities } from "./schema/machine-identities.ts";
import { machines } from "./schema/machines.ts";

/** An identity as stored. */
export interface IdentityRow {
  readonly machineId: string;
  readonly name: string;
  readonly publicKey: string | null;
  readonly state: AdmissionState;
  readonly enrolledAt: Date;
  readonly decidedAt: Date | null;
}

/** The admission of the machine of a row; null when it never enrolled. */
export const admissionColumn = sql<AdmissionState | null>`(select ${machineIdentities.state} from ${machineIdentities} where ${machineIdentities.machineId} = ${machines.id})`;

const columns = { ...getTableColumns(machineIdentities), name: identityNameColumn };

/** States of machines that nothing is taken from. */
const BARRED: AdmissionState[] = ["revoked", "removed"];

/** The identity, or null. With `lock` its row is held until the transaction ends. */
export async function findIdentity(
  db: Executor,
  machineId: string,
  lock = false,
): Promise<IdentityRow | null> {
  const query = db.select(columns).from(machineIdentities).where(eq(machineIdentities.machineId, machineId));
  const [row] = await (lock ? query.for("update") : query);
  return row ?? null;
}

/** The machine that holds a key, or null. */
export async function holderOfKey(db: Executor, publicKey: string): Promise<string | null> {
  const found = await db
    .select({ machineId: machineIdentities.machineId })
    .from(machineIdentities)
    .where(eq(machineIdentities.publicKey, publicKey));
  return found[0]?.machineId ?? null;
}

/** Writes an identity, or what is new about it. */
export async function saveIdentity(
  tx: Transaction,
  identity: Pick<IdentityRow, "machineId" | "name" | "publicKey" | "state">,
): Promise<void> {
  const { machineId, ...values } = identity;
  const decidedAt = values.state === "pending" ? null : sql`now()`;
  await tx
    .insert(machineIdentities)
    .values({ machineId, ...values, decidedAt })
    .onConflictDoUpdate({
      target: machineIdentities.machineId,
      set: { ...values, decidedAt, enrolledAt: sql`now()` },
    });
}

/** Moves an identity. */
export async function setAdmission(tx: Transaction, machineId: string, state: AdmissionState): Promise<void> {
  await tx
    .update(machineIdentities)
    .set({ state, decidedAt: sql`now()` })
    .where(eq(machineIdentities.machineId, machineId));
}

/** All identities but the removed ones, ordered by name and id. */
export const listIdentities = (db: Executor): Promise<IdentityRow[]> =>
  db
    .select(columns)
    .from(machineIdentities)
    .where(sql`${machineIdentities.state} <> 'removed'`)
    .orderBy(identityNameColumn, machineIdentities.machineId);

/** Who is let in, in the order of ids. */
export async function approvedAgents(db: Executor): Promise<{ machineId: string; publicKey: string }[]> {
  const rows = await db
    .select({ machineId: machineIdentities.machineId, publicKey: machineIdentities.publicKey })
    .from(machineIdentities)
    .where(and(eq(machineIdentities.state, "approved"), isNotNull(machineIdentities.publicKey)))
    .orderBy(machineIdentities.machineId);
  return rows.flatMap(({ machineId, publicKey }) => (publicKey === null ? [] : [{ machineId, publicKey }]));
}

/** The approved machine that holds a key, or null. */
export async function approvedHolderOf(db: Executor, publicKey: string): Promise<string | null> {
  const [row] = await db
    .select({ machineId: machineIdentities.machineId })
    .from(machineIdentities)
    .where(and(eq(machineIdentities.state, "approved"), eq(machineIdentities.publicKey, publicKey)));
  return row?.machineId ?? null;
}

/** The public keys of those of these machines that have one. */
export async function keysOf(db: Executor, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ machineId: machineIdentities.machineId, publicKey: machineIdentities.publicKey })
    .from(machineIdentities)
    .where(and(inArray(machineIdentities.machineId, [...ids]), isNotNull(machineIdentities.publicKey)));
  return new Map(
    rows.flatMap(({ machineId, publicKey }) => (publicKey === null ? [] : [[machineId, publicKey]])),
  );
}

/**
 * Which of these machines nothing is taken from. In a transaction their rows are held, so that a machine can't be
 * revoked between the question and what is done on the answer. Asked before anything else is locked.
 */
export async function barredOf(db: Executor, ids: readonly string[], hold = false): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const query = db
    .select({ machineId: machineIdentities.machineId, state: machineIdentities.state })
    .from(machineIdentities)
    .where(inArray(machineIdentities.machineId, [...ids]))
    .orderBy(machineIdentities.machineId);
  const rows = await (hold ? query.for("share") : query);
  return new Set(rows.filter(({ state }) => BARRED.includes(state)).map(({ machineId }) => machineId));
}
