// Is the committed generated code what the protos and the migrations give today?
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIGRATIONS_MODULE, migrationsModule } from "./migrations.mjs";
import { local, ROOT, run } from "./run.mjs";

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const fresh = mkdtempSync(join(tmpdir(), "ozone-generated-"));
const binaries = `${ROOT}node_modules/.bin:${process.env.PATH}`;
const args = ["generate", "proto", "--template", "proto/buf.gen.yaml", "-o", fresh];
const code = await run(local("buf"), args, { env: { PATH: binaries } });
const committed = `${ROOT}proto/gen`;
const names = new Set([...filesIn(committed), ...filesIn(join(fresh, "gen"))]);
const read = (folder, name) => {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return null;
  }
};
const stale = [...names].filter((name) => read(committed, name) !== read(join(fresh, "gen"), name));
rmSync(fresh, { recursive: true, force: true });
if (code !== 0 || stale.length > 0) {
  process.stdout.write(`Generated code is not up to date: ${stale.join(", ")}. Run \`npm run generate\`.\n`);
  process.exit(1);
}
if (!existsSync(MIGRATIONS_MODULE) || readFileSync(MIGRATIONS_MODULE, "utf8") !== migrationsModule()) {
  process.stdout.write(
    `${MIGRATIONS_MODULE.slice(ROOT.length)} is not what packages/coordinator/migrations gives. Run \`npm run generate:migration\`.\n`,
  );
  process.exit(1);
}
