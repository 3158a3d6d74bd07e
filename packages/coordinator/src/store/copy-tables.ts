// Whole tables out of Postgres and back in, in Postgres' own text form, so that they do not depend on its version. The
// embedded Postgres has no pg_dump (docs/decisions/0021-backup-and-retention.md).
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import pg from "pg";
import { from, to } from "pg-copy-streams";
import { openStore } from "./open-store.ts";

/** A table and its columns, in the order of its rows' fields. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
}

/** All tables as they were at one moment. */
export interface Snapshot {
  /** A table comes after those that it refers to. */
  readonly tables: readonly TableShape[];
  /** Rows as lines of COPY's text form, in chunks that may end anywhere. */
  rowsOf(table: TableShape): AsyncIterable<Buffer>;
  /** Rows as Postgres' JSON has them: bytes as `\\x` and hexadecimal digits. */
  objectsOf(table: TableShape): AsyncIterable<Record<string, unknown>>;
}

/** Tables that are being filled, in one transaction. */
export interface EmptyTables {
  readonly tables: readonly TableShape[];
  /** @returns the number of rows that went in */
  fill(table: TableShape, lines: AsyncIterable<Buffer>): Promise<number>;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const listed = ({ columns }: TableShape): string => columns.map(quoted).join(", ");

const SHAPES = `
  select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' group by c.relname order by c.relname`;
const REFERENCES = `
  select conrelid::regclass::text as "from", confrelid::regclass::text as "to"
  from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace and conrelid <> confrelid`;

/** Tables behind those that they refer to; otherwise by name. Pure. */
function inOrderOfReference(
  tables: readonly TableShape[],
  references: readonly { readonly from: string; readonly to: string }[],
): TableShape[] {
  const ordered: TableShape[] = [];
  const visit = (table: TableShape): void => {
    if (ordered.includes(table)) return;
    for (const { to: target } of references.filter(({ from: source }) => source === table.name)) {
      const found = tables.find(({ name }) => name === target);
      if (found) visit(found);
    }
    ordered.push(table);
  };
  for (const table of tables) visit(table);
  return ordered;
}

async function shapesOf(client: pg.Client): Promise<TableShape[]> {
  const { rows: tables } = await client.query<TableShape>(SHAPES);
  const { rows: references } = await client.query<{ from: string; to: string }>(REFERENCES);
  return inOrderOfReference(tables, references);
}

async function withClient<Value>(url: string, work: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const client = new pg.Client({ connectionString: url, application_name: "ozone-backup" });
  client.on("error", () => undefined);
  await client.connect().catch((thrown: unknown) => {
    const why = messageOf(thrown);
    throw new OzoneError("unavailable", `Postgres can't be reached (${why}); check OZONE_DATABASE_URL.`, {
      cause: thrown,
    });
  });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Reads everything as of one moment; whoever writes meanwhile is neither waited for nor held up. */
export const withSnapshot = <Value>(
  url: string,
  work: (snapshot: Snapshot) => Promise<Value>,
): Promise<Value> =>
  withClient(url, async (client) => {
    await client.query("begin isolation level repeatable read read only");
    const tables = await shapesOf(client);
    const rowsOf = (table: TableShape): AsyncIterable<Buffer> =>
      client.query(to(`copy ${quoted(table.name)} (${listed(table)}) to stdout`));
    return work({ tables, rowsOf, objectsOf: (table) => objectsOf(client, table) });
  });

const OBJECTS_AT_ONCE = 200;

async function* objectsOf(client: pg.Client, { name }: TableShape): AsyncGenerator<Record<string, unknown>> {
  await client.query(
    `declare exported no scroll cursor for select to_jsonb(t) as row from ${quoted(name)} t`,
  );
  for (;;) {
    const { rows } = await client.query<{ row: Record<string, unknown> }>(
      `fetch ${OBJECTS_AT_ONCE} from exported`,
    );
    if (rows.length === 0) break;
    for (const { row } of rows) yield row;
  }
  await client.query("close exported");
}

/** What a person would miss. Other tables may have rows: a coordinator that was started writes some. */
const PRECIOUS = ["machines", "machine_identities", "sweeps", "results", "presets"];

async function refuseRows(client: pg.Client): Promise<void> {
  for (const name of PRECIOUS) {
    const { rows } = await client.query<{ some: boolean }>(
      `select exists (select 1 from ${quoted(name)}) as some`,
    );
    if (rows[0]?.some !== true) continue;
    throw new OzoneError(
      "already_exists",
      `The database already holds ${name.replaceAll("_", " ")}; restore into an empty one, so that nothing is mixed or lost.`,
    );
  }
}

/** A session that was just closed is listed for a moment longer. */
const CLOSING_TRIES = 20;
const CLOSING_PAUSE_MS = 100;

async function refuseCoordinators(client: pg.Client): Promise<void> {
  for (let tries = 0; tries < CLOSING_TRIES; tries += 1) {
    const { rows } = await client.query<{ others: number }>(
      "select count(*)::int as others from pg_stat_activity where datname = current_database() and application_name = 'ozone-coordinator'",
    );
    if ((rows[0]?.others ?? 0) === 0) return;
    await setTimeout(CLOSING_PAUSE_MS);
  }
  throw new OzoneError("already_exists", "A coordinator is at work on this database; stop it, then restore.");
}

/** Numbers that Postgres gives go on behind those that came in. */
async function advanceNumbers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `select table_name as "table", column_name as "column" from information_schema.columns
     where table_schema = 'public' and is_identity = 'YES'`,
  );
  for (const { table, column } of rows) {
    await client.query(
      `select setval(pg_get_serial_sequence($1, $2), coalesce((select max(${quoted(column)}) from ${quoted(table)}), 0) + 1, false)`,
      [quoted(table), column],
    );
  }
}

/**
 * Attempt numbers fence results off. What was ordered after the backup was taken may still come in, under numbers that the
 * backup does not know: no new order may get one of those.
 */
const ATTEMPTS_LEAP = 1_000;
const FENCE = [
  `update trials set attempt = attempt + ${ATTEMPTS_LEAP}, state = case state when 'running' then 'planned' else state end
   where state in ('planned', 'running')`,
  "update attempts set state = 'expired' where state = 'leased'",
];

/**
 * Fills an empty database, all or nothing: the schema is brought up to date first, `work` fills it, then attempts are
 * fenced off from what came after the backup.
 * @throws OzoneError already_exists when there are rows that would be missed, or a coordinator is at work
 */
export async function withEmptyTables<Value>(
  url: string,
  work: (empty: EmptyTables) => Promise<Value>,
): Promise<Value> {
  await (await openStore(url, () => undefined)).close();
  return withClient(url, async (client) => {
    await refuseCoordinators(client);
    await client.query("begin");
    const tables = await shapesOf(client);
    await client.query(`lock table ${tables.map(({ name }) => quoted(name)).join(", ")}`);
    await refuseRows(client);
    await client.query(`truncate ${tables.map(({ name }) => quoted(name)).join(", ")}`);
    const fill = (table: TableShape, lines: AsyncIterable<Buffer>) => copyIn(client, table, lines);
    const value = await work({ tables, fill });
    await advanceNumbers(client);
    for (const statement of FENCE) await client.query(statement);
    await client.query("commit");
    return value;
  });
}

async function copyIn(client: pg.Client, table: TableShape, lines: AsyncIterable<Buffer>): Promise<number> {
  const stream = client.query(from(`copy ${quoted(table.name)} (${listed(table)}) from stdin`));
  await pipeline(lines, stream);
  return stream.rowCount;
}
