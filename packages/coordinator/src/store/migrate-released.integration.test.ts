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

/** One row in each table, written as 0.1.0 writes: only the columns that it knows. */
const ROWS = `
  insert into machines (id, name, host_id, hardware_class, announcement) values ('m-1', 'a', 'h', 'c', '\\x0a036d2d31');
  insert into presets (hardware_class, model_digest, engine_kind, engine_version, purpose, model_name, document)
    values ('c', 'd', 'ollama', '1', 'balanced', 'm', '\\x0a0163');
  insert into quarantine (machine_id, reason, digest, payload) values ('m-1', 'r', 'd', '\\x00');
  insert into sweeps (id, name, request, state) values ('s-1', 'n', '\\x', 'running');
  insert into sweep_targets (sweep_id, machine_id, model_name, model_digest, notes) values ('s-1', 'm-1', 'm', 'd', '["x"]');
  insert into trials (id, sweep_id, target_id, machine_id, ordinal, configuration, protocol, purpose, reason, state, attempt)
    select 't-1', 's-1', id, 'm-1', 0, '\\x', '\\x', 1, 'r', 'running', 1 from sweep_targets;
  insert into attempts (trial_id, number, machine_id, state, published, lease_expires_at) values ('t-1', 1, 'm-1', 'leased', true, now());
  insert into results (trial_id, attempt, machine_id, sweep_id, target_id, hardware_class, model_name, model_digest, engine_kind,
    engine_version, configuration_key, purpose, verdict, provenance, elapsed_ms, payload)
    select 't-1', 1, 'm-1', 's-1', id, 'c', 'm', 'd', 'ollama', '1', 'k', 1, 1, 3, 1.5, '\\x01' from sweep_targets;
  insert into samples (trial_id, attempt, position, valid, prompt_tokens, generated_tokens, failed_checks)
    values ('t-1', 1, 0, true, 10, 5, '{}');`;

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
    await client.query(ROWS);
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
      ROWS.replaceAll("'t-1'", "'t-2'")
        .replaceAll("'s-1'", "'s-2'")
        .replaceAll("'m-1'", "'m-2'")
        .replaceAll("'c'", "'c2'")
        .replaceAll("from sweep_targets", "from sweep_targets where sweep_id = 's-2'"),
    );
    for (const [table, rows] of Object.entries(await rowsOf(tables))) expect(rows, table).toHaveLength(2);
  });
});
