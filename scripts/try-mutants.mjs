// npm run mutants [-- NAME...] [--seed S] [--count N]: takes one mechanism out at a time and runs what must turn red without
// it: simulated schedules (60 of seed 1), or tests. Before that, the same tests on the shipped code, which must be green.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { build, install } from "./install.mjs";
import { MUTANTS } from "./mutants.mjs";
import { local, ROOT, run } from "./run.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: "1" }, count: { type: "string", default: "60" } },
});
const unknown = positionals.filter((name) => !MUTANTS.some((mutant) => mutant.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no mutant ${unknown.join(", ")}; there are ${MUTANTS.map(({ name }) => name).join(", ")}.\n`,
  );
  process.exit(2);
}
const chosen = MUTANTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

// Ctrl-C reaches what runs now, too: it ends what it started, and then this does.
process.on("SIGINT", () => {
  process.exitCode = 130;
});

/** Runs schedules until one is broken. @returns which, and by what; empty when all held. @throws when they could not be run */
async function brokenSchedule({ name }) {
  const flags = ["--seed", values.seed, "--count", values.count, `--mutant=${name}`, "--json"];
  // Exit 1 is for broken schedules, whose document says which; without one it is no answer.
  const { stdout } = await promisify(execFile)(process.execPath, [`${ROOT}scripts/schedules.mjs`, ...flags], {
    maxBuffer: 1 << 28,
  }).catch((thrown) => thrown);
  const [first] = JSON.parse(stdout).broken;
  if (!first) return "";
  const invariants = [...new Set(first.broken.map(({ invariant }) => invariant))].sort().join(", ");
  return `schedule ${first.number} (${invariants})`;
}

/** Runs tests. @returns how many there were, and how many failed */
async function runTests(project, tests, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), "ozone-mutants-"));
  const report = join(folder, "report.json");
  const words = ["run", "--project", project, "--reporter=json", `--outputFile.json=${report}`, ...tests];
  try {
    await run(local("vitest"), words, { silent: true, env });
    const { numTotalTests: total, numFailedTests: failed } = JSON.parse(readFileSync(report, "utf8"));
    return { total, failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Managed servers started from this checkout, by process id. Without /proc there is no telling. */
function managedServers() {
  const ids = existsSync("/proc/self/environ")
    ? readdirSync("/proc").filter((name) => /^\d+$/.test(name))
    : [];
  return ids.filter((id) => {
    try {
      const isOurs = readFileSync(`/proc/${id}/cmdline`, "utf8").includes(ROOT);
      return isOurs && readFileSync(`/proc/${id}/environ`, "utf8").includes("\0OZONE_MANAGED_SERVER=");
    } catch {
      return false; // It ended meanwhile, or is somebody else's.
    }
  });
}

/** A mutant may leave the very servers running whose end it took out; later tests would find them. */
async function withoutLeftovers(work) {
  const before = managedServers();
  try {
    return await work();
  } finally {
    for (const id of managedServers().filter((one) => !before.includes(one)))
      process.kill(Number(id), "SIGKILL");
  }
}

/** @returns what turned red, in a few words; empty when nothing did */
async function redBy({ name, project, tests }) {
  if (!tests) return brokenSchedule({ name });
  const { failed } = await runTests(project, tests, { OZONE_MUTANT: name });
  return failed > 0 ? `${failed} tests of ${tests.map((path) => path.split("/").at(-1)).join(", ")}` : "";
}

await install();
await build();
for (const { project, tests = [] } of chosen) {
  if (tests.length === 0) continue;
  const { total, failed } = await runTests(project, tests);
  if (total > 0 && failed === 0) continue;
  process.stdout.write(
    `Without a mutant, ${tests.join(", ")} must be green: ${failed} of ${total} failed.\n`,
  );
  process.exit(1);
}
const lines = [];
for (const mutant of chosen) {
  if (process.exitCode) break;
  const by = await withoutLeftovers(() => redBy(mutant));
  const { invariant, name, what } = mutant;
  lines.push(`${by ? "red     " : "SURVIVED"} ${invariant} ${name}: ${what}${by ? `; by ${by}` : ""}`);
  process.stdout.write(`${lines.at(-1)}\n`);
}
const red = lines.filter((line) => line.startsWith("red"));
process.stdout.write(
  `\n${lines.join("\n")}\n${red.length} of ${chosen.length} mutants turned the suite red.\n`,
);
process.exitCode ||= red.length < chosen.length ? 1 : 0;
