// npm test: install, check (with the unit tests), then the tests against real parts. The last line counts all of them.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, install } from "./install.mjs";
import { local, ROOT, run } from "./run.mjs";

/** Only suites that need one of these may skip, and their titles must say so: Debian has nats-server 2.9, and no Ollama. */
const MAY_SKIP = /needs (a real Ollama|a GPU|a browser|a nats-server of 2\.10)/;

/** Reads a report of vitest; a missing one counts as a failure. */
function countsOf(file) {
  try {
    const report = JSON.parse(readFileSync(file, "utf8"));
    const tests = report.testResults.flatMap((suite) => suite.assertionResults);
    const skipped = tests.filter(
      ({ status }) => status === "skipped" || status === "pending" || status === "todo",
    );
    const wrongly = skipped.filter(({ fullName }) => !MAY_SKIP.test(fullName));
    for (const { fullName } of skipped) process.stdout.write(`skipped: ${fullName}\n`);
    for (const { fullName } of wrongly) process.stdout.write(`not allowed to skip: ${fullName}\n`);
    // A file that could not even be loaded has no tests, but it has failed.
    const broken = report.testResults.filter(
      (suite) =>
        suite.status === "failed" && !suite.assertionResults.some(({ status }) => status === "failed"),
    );
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + wrongly.length + broken.length,
      skipped: skipped.length - wrongly.length,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

await install();
await build();
const folder = mkdtempSync(join(tmpdir(), "ozone-test-"));
const reports = { unit: join(folder, "unit.json"), real: join(folder, "real.json") };
let code = await run(process.execPath, [`${ROOT}scripts/check.mjs`], {
  env: { OZONE_UNIT_REPORT: reports.unit },
});
if (code === 0) {
  code = await run(local("vitest"), [
    "run",
    ...["integration", "paced", "measuring", "stacks", "e2e"].flatMap((name) => ["--project", name]),
    ...["--reporter=default", "--reporter=json", `--outputFile.json=${reports.real}`],
  ]);
}
const all =
  code === 0 ? [countsOf(reports.unit), countsOf(reports.real)] : Object.values(reports).map(countsOf);
rmSync(folder, { recursive: true, force: true });
const sum = (key) => all.reduce((total, counts) => total + counts[key], 0);
const [passed, failed, skipped] = [sum("passed"), sum("failed"), sum("skipped")];
const missed = code !== 0 && failed === 0 ? 1 : failed;
process.stdout.write(`${passed} passed, ${missed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
process.exit(code !== 0 || missed > 0 ? 1 : 0);
