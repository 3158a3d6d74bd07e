// Opens Postgres: pool, migrations, one door for transactions. drizzle and pg appear only in this room.
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { sql } from "drizzle-orm";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { PgDialect, type PgSession } from "drizzle-orm/pg-core";
import pg from "pg";
import { MIGRATIONS } from "./gen/migrations.ts";
import { migrationMeta } from "./migration.ts";

/** Runs statements on their own. */
export type Database = NodePgDatabase;
/** Runs statements inside one transaction. */
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];
/** Either: for queries that do not care. */
export type Executor = Database | Transaction;

/** The open store. */
export interface Store {
  readonly db: Database;
  /** Rejects when Postgres can't be reached now. */
  ping(): Promise<void>;
  /** Whether every migration of this program was applied; later ones of a newer program do not matter. */
  isCurrent(): Promise<boolean>;
  /** Connections, idle ones among them, and queries that wait for one. */
  pool(): { readonly connections: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

const POOL_CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 5_000;
/** Coordinators that start together migrate one after the other. */
const MIGRATION_LOCK = 7_264_001;
/** Drizzle's type asks for one that its code does not read. */
const NO_FOLDER = { migrationsFolder: "" };

async function migrateLocked(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    // What drizzle's migrator does after it has read a folder: one file has no folder beside it.
    // The cast is of its type alone: a session that knows its tables is one that knows none.
    const session = drizzle(client)._.session as unknown as PgSession;
    await new PgDialect().migrate(MIGRATIONS.map(migrationMeta), session, NO_FOLDER);
  } finally {
    // Closing the session releases the lock, also when the migration failed halfway.
    client.release(true);
  }
}

async function isCurrent(db: Database): Promise<boolean> {
  const newest = Math.max(...MIGRATIONS.map(({ whenMs }) => whenMs));
  const { rows } = await db.execute<{ newest: string | null }>(
    sql`select max(created_at) as newest from drizzle.__drizzle_migrations`,
  );
  return Number(rows[0]?.newest ?? 0) >= newest;
}

/**
 * Like drizzle's own, which keeps a client for ever whose `begin` failed: eight of those, and the pool is empty until the
 * coordinator is started again. Here each client comes back, and one that failed is not used again.
 */
const transactionsOf =
  (pool: pg.Pool): Database["transaction"] =>
  async (work, config) => {
    const client = await pool.connect();
    let failed = true;
    try {
      const value = await drizzle(client).transaction(work, config);
      failed = false;
      return value;
    } finally {
      client.release(failed);
    }
  };

/**
 * Connects and brings the schema up to date.
 * @throws OzoneError unavailable when Postgres can't be reached or refuses us.
 */
export async function openStore(url: string, onIdleError: (problem: string) => void): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "ozone-coordinator",
  });
  // Without a listener a lost idle connection would end the process.
  pool.on("error", (error) => onIdleError(messageOf(error)));
  // Nor may one that is lost inside a transaction: its query fails, and that is heard.
  pool.on("connect", (client) => client.on("error", () => undefined));
  try {
    await migrateLocked(pool);
  } catch (thrown) {
    await pool.end();
    throw new OzoneError("unavailable", describeProblem(thrown), { cause: thrown });
  }
  const db = Object.assign(drizzle(pool), { transaction: transactionsOf(pool) });
  return {
    db,
    ping: async () => {
      await db.execute(sql`select 1`);
    },
    isCurrent: () => isCurrent(db),
    pool: () => ({ connections: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

function describeProblem(thrown: unknown): string {
  const reason = messageOf(thrown instanceof Error && thrown.cause ? thrown.cause : thrown);
  if (systemCodeOf(thrown) === "ECONNREFUSED") {
    return "No Postgres answers at OZONE_DATABASE_URL; start it, correct the address, or unset it to use the embedded one.";
  }
  return `Postgres could not be prepared: ${reason}. Check OZONE_DATABASE_URL and the rights of its user.`;
}
