import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { contractions, tablesMadeBy } from "../testing/expand-only.ts";

/** The newest migration of the last release, 0.1.0. After a release: its newest one. */
const RELEASED = "0000_first_tables.sql";

const FOLDER = fileURLToPath(new URL("../../migrations", import.meta.url));
const read = (file: string) => readFileSync(`${FOLDER}/${file}`, "utf8");
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".sql"))
  .sort();
const known = new Set(files.filter((file) => file <= RELEASED).flatMap((file) => tablesMadeBy(read(file))));
const later = files.filter((file) => file > RELEASED);

describe("migrations after the last release", () => {
  it("only add: the release goes on working on the migrated tables", () => {
    expect(known.size).toBe(9);
    expect(later.length).toBeGreaterThan(0);
    expect(later.flatMap((file) => contractions(file, read(file), known))).toEqual([]);
  });
});

describe("the rule", () => {
  const said = (sql: string) => contractions("0009_x.sql", sql, new Set(["trials"]));

  it("names the file, what it does and the policy", () => {
    expect(said('ALTER TABLE "trials" ADD COLUMN "x" text NOT NULL;')).toEqual([
      '0009_x.sql alters trials: adds "x" NOT NULL without a DEFAULT, so that the release can\'t insert; the last release still uses its tables: expand now, contract one release later (docs/upgrading.md).',
    ]);
  });

  it.each([
    'DROP TABLE "trials";',
    'DROP TABLE IF EXISTS "public"."trials" CASCADE;',
    'ALTER TABLE "trials" RENAME TO "tests";',
    'ALTER TABLE "trials" RENAME COLUMN "state" TO "is";',
    'ALTER TABLE "trials" DROP COLUMN "state";',
    'ALTER TABLE "public"."trials" ALTER COLUMN "state" SET DATA TYPE integer;',
    'ALTER TABLE "trials" ALTER COLUMN "state" SET NOT NULL;',
    'ALTER TABLE "trials" ALTER COLUMN "state" DROP NOT NULL;',
    'ALTER TABLE "trials" DROP CONSTRAINT "trials_pkey";',
    'ALTER TABLE "trials" ADD CONSTRAINT "x" UNIQUE("state");',
    'ALTER TABLE "trials" ADD COLUMN "x" text DEFAULT \'\' NOT NULL UNIQUE;',
    'CREATE UNIQUE INDEX "x" ON "trials" USING btree ("state");',
    "UPDATE trials SET state = 'x';",
    "DROP INDEX trials_ordinal;",
    'CREATE TABLE "a" ("b" text);--> statement-breakpoint\nDROP TABLE "trials";',
  ])("does not let pass: %s", (sql) => {
    expect(said(sql)).toHaveLength(1);
  });

  it.each([
    'CREATE TABLE "new" ("id" text PRIMARY KEY NOT NULL);',
    'ALTER TABLE "new" DROP COLUMN "id";',
    'ALTER TABLE "trials" ADD COLUMN "x" text;',
    'ALTER TABLE "trials" ADD COLUMN "x" boolean DEFAULT false NOT NULL;',
    'CREATE INDEX "x" ON "trials" USING btree ("state");',
  ])("lets pass: %s", (sql) => {
    expect(said(sql)).toEqual([]);
  });
});
