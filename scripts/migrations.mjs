// The migrations as a module, so that they are part of every bundle: packages/coordinator/src/store/gen/migrations.ts is
// made from the files that drizzle-kit writes. check-generated.mjs compares.
import { readFileSync } from "node:fs";
import { ROOT } from "./run.mjs";

const FOLDER = `${ROOT}packages/coordinator/migrations`;
/** Where the module lies. */
export const MIGRATIONS_MODULE = `${ROOT}packages/coordinator/src/store/gen/migrations.ts`;

/** What stands in the module for the files as they are now. */
export function migrationsModule() {
  const { entries } = JSON.parse(readFileSync(`${FOLDER}/meta/_journal.json`, "utf8"));
  const written = entries.map(({ tag, when, breakpoints }) => {
    const sql = readFileSync(`${FOLDER}/${tag}.sql`, "utf8");
    return `  ${JSON.stringify({ tag, whenMs: when, breakpoints, sql })},\n`;
  });
  return [
    "// Made by `npm run generate:migration` from packages/coordinator/migrations; not to be edited.\n",
    'import type { Migration } from "../migration.ts";\n\n',
    `export const MIGRATIONS: readonly Migration[] = [\n${written.join("")}];\n`,
  ].join("");
}
