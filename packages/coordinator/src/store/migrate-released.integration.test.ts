// The tables of the last release, with rows in every one of them, become those of now on a real Postgres, and keep the rows.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tablesMadeBy } from "../testing/expand-only.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { ROWS_OF_FIRST_TABLES } from "../testing/released-rows.ts";
import { openStore } from "./open-store.ts";

const FOLDER = fileURLToPath(new URL("../../migrations", import.meta.url));
/** Of 0.1.0. */
const RELEASED = ["0000_first_tables"];

let parts: RealParts;
let client: pg.Client;
let url: string;
let folder: string;
beforeAll(async () => {
  parts = await openRealParts();
  url = await parts.newDatabase();
  client = new pg.Client({ connectionString: url });
  await client.connect();
  folder = mkdtempSync(join(tmpdir(), "ozone-released-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await client.end();
  await parts.close();
});

/** The migrations as the release had them. */
function releasedMigrations(): void {
  mkdirSync(join(folder, "meta"));
  const journal = JSON.parse(readFileSync(join(FOLDER, "meta/_journal.json"), "utf8")) as {
    entries: { tag: string }[];
  };
  const entries = journal.entries.filter(({ tag }) => RELEASED.includes(tag));
  writeFileSync(join(folder, "meta/_journal.json"), JSON.stringify({ ...journal, entries }));
  for (const tag of RELEASED) cpSync(join(FOLDER, `${tag}.sql`), join(folder, `${tag}.sql`));
}

type Rows = Record<string, Record<string, unknown>[]>;

async function rowsOf(tables: readonly string[]): Promise<Rows> {
  const all: Rows = {};
  for (const table of tables) all[table] = (await client.query(`select * from ${table}`)).rows;
  return all;
}

describe("the schema of 0.1.0, with rows in each table", () => {
  it("becomes that of now with every row kept, and 0.1.0 still writes into it as it did", async () => {
    releasedMigrations();
    await migrate(drizzle(client), { migrationsFolder: folder });
    await client.query(ROWS_OF_FIRST_TABLES);
    const tables = RELEASED.flatMap((tag) => tablesMadeBy(readFileSync(join(FOLDER, `${tag}.sql`), "utf8")));
    const before = await rowsOf(tables);
    for (const table of tables) expect(before[table], table).toHaveLength(1);

    await (await openStore(url, () => undefined)).close();
    expect(await rowsOf(tables)).toMatchObject(before);
    const { rows: applied } = await client.query(
      "select count(*)::int as n from drizzle.__drizzle_migrations",
    );
    expect(applied[0].n).toBeGreaterThan(RELEASED.length);

    // Back: the release migrates nothing, and its statements still work.
    await migrate(drizzle(client), { migrationsFolder: folder });
    await client.query(
      ROWS_OF_FIRST_TABLES.replaceAll("'t-1'", "'t-2'")
        .replaceAll("'s-1'", "'s-2'")
        .replaceAll("'m-1'", "'m-2'")
        .replaceAll("'c'", "'c2'")
        .replaceAll("from sweep_targets", "from sweep_targets where sweep_id = 's-2'"),
    );
    for (const [table, rows] of Object.entries(await rowsOf(tables))) expect(rows, table).toHaveLength(2);
  });
});
