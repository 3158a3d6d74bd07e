// What the doctor wants to know of a Postgres, asked on a connection of its own: nothing is made, nothing is migrated.
import { messageOf } from "@ozone/shared/errors";
import pg from "pg";
import { MIGRATIONS } from "./gen/migrations.ts";

/** What was seen, or why nothing was. */
export interface DatabaseLook {
  /** Such as "18.4"; null: it could not be asked. */
  readonly version: string | null;
  readonly problem: string | null;
  /** It only repeats what another one writes. */
  readonly isStandby: boolean;
  /** Its user may make Ozone's tables. */
  readonly mayMake: boolean;
  /** Of this program's migrations; null: there are no tables yet. */
  readonly schema: "current" | "older" | "newer" | null;
  /** Role tokens of an admin that hold now. */
  readonly adminTokens: number;
}

const NOTHING = { isStandby: false, mayMake: false, schema: null, adminTokens: 0 } as const;
const WITHIN_MS = 5_000;

/** Looks. Never rejects. */
export async function lookAtDatabase(url: string): Promise<DatabaseLook> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: WITHIN_MS,
    query_timeout: WITHIN_MS,
    application_name: "ozone-coordinator doctor",
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await ask(client);
  } catch (thrown) {
    return { ...NOTHING, version: null, problem: messageOf(thrown) };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function ask(client: pg.Client): Promise<DatabaseLook> {
  const { rows } = await client.query(`select current_setting('server_version') as version,
    pg_is_in_recovery() as "isStandby",
    has_database_privilege(current_database(), 'CREATE') and has_schema_privilege('public', 'CREATE') as "mayMake",
    to_regclass('drizzle.__drizzle_migrations') is not null as migrated,
    to_regclass('public.role_tokens') is not null as tokens`);
  const { version, isStandby, mayMake, migrated, tokens } = rows[0];
  const newest = migrated
    ? await numberOf(client, "select max(created_at) as n from drizzle.__drizzle_migrations")
    : null;
  const adminTokens = tokens
    ? await numberOf(
        client,
        "select count(*) as n from role_tokens where role = 'admin' and revoked_at is null and coalesce(expires_at > now(), true)",
      )
    : 0;
  const seen = { version: String(version).split(" ")[0] ?? "", problem: null, isStandby, mayMake };
  return { ...seen, schema: schemaOf(newest), adminTokens };
}

const numberOf = async (client: pg.Client, sql: string): Promise<number> =>
  Number((await client.query<{ n: string | null }>(sql)).rows[0]?.n ?? 0);

function schemaOf(newestMs: number | null): DatabaseLook["schema"] {
  if (newestMs === null) return null;
  const ours = Math.max(...MIGRATIONS.map(({ whenMs }) => whenMs));
  return newestMs === ours ? "current" : newestMs < ours ? "older" : "newer";
}
