// npm run check: format, lint, import rules, file sizes, types, proto, generated code, docs, deploy/, unit tests. The first
// failing step ends it; `--fix` mends what can be mended.
import { install } from "./install.mjs";
import { local, ROOT, run } from "./run.mjs";

const unitReport = process.env.OZONE_UNIT_REPORT;
const vitest = ["run", "--project", "unit", "--reporter=default"];
if (unitReport) vitest.push("--reporter=json", `--outputFile.json=${unitReport}`);

/** @type {[string, string, string[], boolean?][]} name, command, arguments, quiet unless it fails */
const STEPS = [
  [
    "format and lint",
    local("biome"),
    process.argv.includes("--fix")
      ? ["check", "--write", "."]
      : ["ci", "--colors=off", "--error-on-warnings", "."],
  ],
  ["import rules", process.execPath, [`${ROOT}scripts/check-imports.mjs`]],
  ["house rules", process.execPath, [`${ROOT}scripts/check-house.mjs`]],
  ["types", local("tsc"), ["--noEmit", "-p", "tsconfig.json"]],
  ["platforms", process.execPath, [`${ROOT}scripts/check-platforms.mjs`]],
  ["proto lint", local("buf"), ["lint", "proto"]],
  // Agents and coordinators a release apart understand each other (docs/upgrading.md).
  ["proto of 0.1.0", local("buf"), ["breaking", "proto", "--against", "proto/released/0.1.0.binpb"]],
  ["generated code", process.execPath, [`${ROOT}scripts/check-generated.mjs`]],
  ["docs", process.execPath, [`${ROOT}scripts/check-docs.mjs`]],
  // Prints what could not be looked at on this machine.
  ["deploy", process.execPath, [`${ROOT}scripts/check-deploy.mjs`], false],
  ["unit tests", local("vitest"), vitest],
];

await install();
for (const [name, command, args, quiet = true] of STEPS) {
  const started = performance.now();
  const code = await run(command, args, { quiet });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)\n`);
  if (code !== 0) process.exit(1);
}
