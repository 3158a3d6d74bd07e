// A backup of a real Postgres with rows in every table, restored into another one.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../store/open-store.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { ROWS_OF_FIRST_TABLES } from "../testing/released-rows.ts";
import { backupCommand, exportCommand } from "./backup-command.ts";

let parts: RealParts;
let folder: string;
let url: string;
let file: string;
beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());

/** Later tables, and text that a careless form would trip over. */
const MORE_ROWS = String.raw`
  insert into acts (who, what, about, detail) values ('a', 'b', 'm-1', E'tab\tnew\nline \\. \\N "quote" ünicode  end');
  insert into acts (who, what, about, detail) values ('a', 'b', 'm-1', '\.');
  insert into machine_tags (machine_id, tag) values ('m-1', 'room=2');
  insert into machine_settings (machine_id, given_name) values ('m-1', null);
  insert into role_tokens (id, name, role, hash) values ('r-1', 'n', 'viewer', '\x00ff0a5c');
`;

async function query<Row extends pg.QueryResultRow>(at: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: at });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Every row of every table, as text. */
async function everything(at: string): Promise<Record<string, unknown[]>> {
  const tables = await query<{ name: string }>(
    at,
    "select table_name as name from information_schema.tables where table_schema = 'public' order by 1",
  );
  const entries = tables.map(async ({ name }) => {
    const rows = await query(at, `select t::text as row from "${name}" t order by 1`);
    return [name, rows.map(({ row }) => row)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function emptyDatabase(): Promise<string> {
  const made = await parts.newDatabase();
  await (await openStore(made, () => undefined)).close();
  return made;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ozone-backup-"));
  file = join(folder, "lab.ozone-backup");
  mkdirSync(join(folder, "data/certificates"), { recursive: true });
  writeFileSync(join(folder, "data/certificates/ca.pem"), "a certificate\n");
  url = await emptyDatabase();
  await query(url, ROWS_OF_FIRST_TABLES + MORE_ROWS);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const from = () => ({ databaseUrl: url, dataDir: join(folder, "data") });
const into = (databaseUrl: string) => ({ databaseUrl, dataDir: join(folder, "new-data") });

describe("a backup", () => {
  it("brings every row and the certificates back, and what is under way is fenced off from what came after it", async () => {
    const made = await backupCommand(["make", file], from());
    expect(await backupCommand(["check", file], from())).toEqual(made);
    const target = await emptyDatabase();
    const restored = await backupCommand(["restore", file], into(target));
    expect(restored.rows).toEqual(made.rows);
    expect(made.rows).toMatchObject({ acts: 2, machines: 1, results: 1, samples: 1, role_tokens: 1 });
    const [before, after] = [await everything(url), await everything(target)];
    for (const table of ["trials", "attempts"]) {
      delete before[table];
      delete after[table];
    }
    expect(after).toEqual(before);
    expect(await query(target, "select state, attempt from trials")).toEqual([
      { state: "planned", attempt: 1001 },
    ]);
    expect(await query(target, "select state from attempts")).toEqual([{ state: "expired" }]);
    expect(readFileSync(join(folder, "new-data/certificates/ca.pem"), "utf8")).toBe("a certificate\n");
    await query(target, "insert into acts (who, what, about) values ('x', 'y', 'z')");
    expect(await query(target, "select id::int from acts order by id")).toEqual([
      { id: 1 },
      { id: 2 },
      { id: 3 },
    ]);
  });

  it("is not restored over rows, nor beside a coordinator, and both stay as they were", async () => {
    await backupCommand(["make", file], from());
    const before = await everything(url);
    await expect(backupCommand(["restore", file], into(url))).rejects.toThrow(
      /already holds machines; restore into an empty/,
    );
    expect(await everything(url)).toEqual(before);
    const target = await emptyDatabase();
    const coordinator = await openStore(target, () => undefined);
    await coordinator.ping();
    await expect(backupCommand(["restore", file], into(target))).rejects.toThrow(/A coordinator is at work/);
    await coordinator.close();
    await backupCommand(["restore", file], into(target));
  });

  it("that was cut short, changed or made up is refused before anything is changed", async () => {
    await backupCommand(["make", file], from());
    const whole = readFileSync(file);
    const text = gunzipSync(whole).toString("latin1");
    const target = await emptyDatabase();
    const empty = await everything(target);
    const spoilt = {
      "half of it": whole.subarray(0, whole.length / 2),
      "without its last line": gzipSync(
        Buffer.from(text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1), "latin1"),
      ),
      "another word": gzipSync(Buffer.from(text.replace("room=2", "room=3"), "latin1")),
      "a row less": gzipSync(Buffer.from(text.replace(/m-1\troom=2.*\n/, ""), "latin1")),
      "another kind of file": Buffer.from("hello"),
      nothing: Buffer.alloc(0),
    };
    for (const [what, content] of Object.entries(spoilt)) {
      writeFileSync(file, content);
      await expect(backupCommand(["restore", file], into(target)), what).rejects.toThrow(
        /is no whole backup \(.*\); use another one/,
      );
    }
    expect(await everything(target)).toEqual(empty);
    expect(existsSync(join(folder, "new-data"))).toBe(false);
  });

  it("of a newer Ozone is refused by what this one does not know", async () => {
    await query(url, "alter table acts add column mood text");
    await backupCommand(["make", file], from());
    const target = await emptyDatabase();
    await expect(backupCommand(["restore", file], into(target))).rejects.toThrow(
      /The backup holds acts.mood, which this Ozone does not know; restore it with the version that took it/,
    );
    expect((await everything(target)).machines).toEqual([]);
  });

  it("never replaces a file, is its owner's only, and leaves nothing behind where it can't be written", async () => {
    await backupCommand(["make", file], from());
    await expect(backupCommand(["make", file], from())).rejects.toThrow(
      /exists and is left as it is; name another file/,
    );
    await expect(backupCommand(["make", join(folder, "no/where")], from())).rejects.toThrow(
      /There is no folder/,
    );
    await expect(backupCommand(["make"], from())).rejects.toThrow(/Write `ozone-coordinator backup/);
    expect(readdirSync(folder).sort()).toEqual(["data", "lab.ozone-backup"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is whole or not at all: certificates that can't be read or written, and a Postgres that is away, end it with one sentence", async () => {
    await backupCommand(["make", file], from());
    const target = await emptyDatabase();
    mkdirSync(join(folder, "new-data"));
    writeFileSync(join(folder, "new-data/certificates"), "a file in the way");
    await expect(backupCommand(["restore", file], into(target))).rejects.toThrow(
      /certificates\/ca\.pem can't be written \(.*\); nothing was restored\./,
    );
    rmSync(join(folder, "new-data"), { recursive: true });
    expect((await backupCommand(["restore", file], into(target))).files).toEqual(["certificates/ca.pem"]);
    rmSync(join(folder, "data/certificates"), { recursive: true });
    writeFileSync(join(folder, "data/certificates"), "a file in the way");
    const other = join(folder, "other.ozone-backup");
    await expect(backupCommand(["make", other], from())).rejects.toThrow(
      /certificates can't be read \(.*\); check who/,
    );
    expect(existsSync(other) || existsSync(`${other}.part`)).toBe(false);
    const away = { databaseUrl: "postgres://u:topsecret@127.0.0.1:1/x", dataDir: folder };
    const said = await backupCommand(["make", other], away).catch((thrown: unknown) => String(thrown));
    expect(said).toMatch(/Postgres can't be reached \(.+\); check OZONE_DATABASE_URL\.$/);
    expect(said).not.toContain("topsecret");
  });

  it("is not taken with a file that no restore would take, while there is still time to move it", async () => {
    const odd = { "ca (copy).pem": "x", "disk.img": "x".repeat(4 * 1024 ** 2 + 1) };
    for (const [name, content] of Object.entries(odd)) {
      writeFileSync(join(folder, "data/certificates", name), content);
      await expect(backupCommand(["make", file], from())).rejects.toThrow(
        `${name} is no certificate of Ozone's by its name or its size; move it to another folder, then take the backup again.`,
      );
      expect(existsSync(file) || existsSync(`${file}.part`)).toBe(false);
      rmSync(join(folder, "data/certificates", name));
    }
  });

  it("is no export: that one is JSON lines with messages decoded, without what proves a token, and overwrites nothing", async () => {
    const target = join(folder, "everything");
    const { lines } = await exportCommand([target], from());
    expect(lines).toMatchObject({
      "acts.jsonl": 2,
      "machines.jsonl": 1,
      "role-tokens.jsonl": 1,
      "sweeps.jsonl": 1,
    });
    const rowsOf = (name: string): unknown[] =>
      readFileSync(join(target, name), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    expect(rowsOf("machines.jsonl")).toMatchObject([{ id: "m-1", announcement: { machineId: "m-1" } }]);
    expect(rowsOf("acts.jsonl")).toMatchObject([{ detail: expect.stringContaining("tab\tnew\nline") }, {}]);
    expect(Object.keys(rowsOf("role-tokens.jsonl")[0] as object)).not.toContain("hash");
    await expect(exportCommand([target], from())).rejects.toThrow(/is not empty; name a new folder/);
  });
});
