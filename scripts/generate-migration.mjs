// npm run generate:migration -- --name NAME: what the tables need to become those of the schema, and the module that
// carries all migrations. Without a change of the schema only the module is made.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { MIGRATIONS_MODULE, migrationsModule } from "./migrations.mjs";
import { local, ROOT, run } from "./run.mjs";

const words = process.argv.slice(2);
const code = await run(local("drizzle-kit"), ["generate", ...words], { cwd: `${ROOT}packages/coordinator` });
if (code !== 0) process.exit(code);
mkdirSync(dirname(MIGRATIONS_MODULE), { recursive: true });
writeFileSync(MIGRATIONS_MODULE, migrationsModule());
