// Queries on quarantine: messages that could not be counted.
import { createHash } from "node:crypto";
import { and, count, desc, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { Executor } from "./open-store.ts";
import { quarantine } from "./schema/results.ts";

const QUARANTINED_BYTES_MAX = 256 * 1024;
const REASON_MAX = 1_000;
/** A signature has 64 bytes: one byte more says that what came is none. */
const SIGNATURE_BYTES_MAX = 65;
/** A machine that sends nothing but rubbish must not fill the database. */
const QUARANTINED_PER_MACHINE_MAX = 1_000;
const QUARANTINED_BYTES_PER_MACHINE_MAX = 16 * 1024 * 1024;

/** What is kept of a message. */
interface KeptMessage {
  readonly machineId: string;
  readonly reason: string;
  readonly payload: Uint8Array;
  /** As it came, right or not; null: it had none. */
  readonly signature: Uint8Array | null;
}

/** Keeps what could not be counted, once, cut to a bounded size, with the reason and with its signature. */
export async function quarantineMessage(db: Executor, message: KeptMessage): Promise<void> {
  const { machineId } = message;
  // What a machine wrote may stand in it: Postgres takes no NUL, and a reason is a sentence.
  const reason = message.reason.replaceAll("\0", "").slice(0, REASON_MAX);
  const [kept] = await db
    .select({
      messages: count(),
      bytes: sql<number>`coalesce(sum(length(${quarantine.payload})), 0)::float8`,
    })
    .from(quarantine)
    .where(eq(quarantine.machineId, machineId));
  const { messages = 0, bytes = 0 } = kept ?? {};
  const payload = message.payload.subarray(0, QUARANTINED_BYTES_MAX);
  if (messages >= QUARANTINED_PER_MACHINE_MAX || bytes + payload.length > QUARANTINED_BYTES_PER_MACHINE_MAX)
    return;
  const digest = createHash("sha256").update(message.payload).digest("hex");
  const signature = message.signature?.subarray(0, SIGNATURE_BYTES_MAX) ?? null;
  await db.insert(quarantine).values({ machineId, reason, digest, payload, signature }).onConflictDoNothing();
}

/** How many messages are in quarantine. */
export async function countQuarantine(db: Executor): Promise<number> {
  const [row] = await db.select({ messages: sql<number>`count(*)::int` }).from(quarantine);
  return row?.messages ?? 0;
}

/** A message in quarantine, without its bytes. */
export interface QuarantineRow {
  readonly id: number;
  readonly machineId: string;
  readonly reason: string;
  /** Of the whole message. */
  readonly digest: string;
  readonly keptBytes: number;
  /** Less is kept of it than came. */
  readonly cut: boolean;
  readonly receivedAt: Date;
}

const columns = {
  id: quarantine.id,
  machineId: quarantine.machineId,
  reason: quarantine.reason,
  digest: quarantine.digest,
  keptBytes: sql<number>`octet_length(${quarantine.payload})`,
  cut: sql<boolean>`encode(sha256(${quarantine.payload}), 'hex') <> ${quarantine.digest}`,
  receivedAt: quarantine.receivedAt,
};

const ofMachine = (machineId: string): SQL | undefined =>
  machineId === "" ? undefined : eq(quarantine.machineId, machineId);

/** The newest, of one machine or (empty id) of all. */
export const listQuarantine = (db: Executor, machineId: string, limit: number): Promise<QuarantineRow[]> =>
  db.select(columns).from(quarantine).where(ofMachine(machineId)).orderBy(desc(quarantine.id)).limit(limit);

/** One with what is kept of its bytes; null when there is none. */
export async function findQuarantined(
  db: Executor,
  id: number,
): Promise<(QuarantineRow & Pick<KeptMessage, "payload" | "signature">) | null> {
  const [row] = await db
    .select({ ...columns, payload: quarantine.payload, signature: quarantine.signature })
    .from(quarantine)
    .where(eq(quarantine.id, id));
  return row ?? null;
}

/** Which to drop: by id, or of a machine, or that are old. Times are Postgres' own. */
export interface QuarantineChoice {
  readonly ids: readonly number[];
  /** Empty: any. */
  readonly machineId: string;
  /** 0: any age. */
  readonly olderThanMs: number;
}

function chosen({ ids, machineId, olderThanMs }: QuarantineChoice): SQL | undefined {
  const old = sql`${quarantine.receivedAt} < now() - make_interval(secs => ${olderThanMs / 1000})`;
  return and(
    ids.length > 0 ? inArray(quarantine.id, [...ids]) : undefined,
    ofMachine(machineId),
    olderThanMs > 0 ? old : undefined,
  );
}

/** How many are meant. */
export const countChosen = (db: Executor, choice: QuarantineChoice): Promise<number> =>
  db.$count(quarantine, chosen(choice));

/** Deletes them. @returns how many there were */
export async function dropQuarantined(db: Executor, choice: QuarantineChoice): Promise<number> {
  const dropped = await db.delete(quarantine).where(chosen(choice)).returning({ id: quarantine.id });
  return dropped.length;
}
