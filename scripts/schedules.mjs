// npm run schedules: fault schedules over shipped code. With --mutation: the same with one mechanism patched out of the
// bundle (never of the sources) at a time, or only --mutant=NAME; each must turn it red.
import { rmSync } from "node:fs";
import { run } from "./run.mjs";
import { buildSchedules, MUTANTS } from "./schedules-bundle.mjs";

const isOurs = (flag) => flag === "--mutation" || flag.startsWith("--mutant=");
const flags = process.argv.slice(2).filter((flag) => !isOurs(flag));
const named = process.argv.find((flag) => flag.startsWith("--mutant="))?.slice("--mutant=".length);
const chosen = named ? MUTANTS.filter(({ name }) => name === named) : MUTANTS;

// Ctrl-C reaches the bundle too: it ends what it started, and then this does.
process.on("SIGINT", () => undefined);

async function runBundle(mutant, more) {
  const bundle = await buildSchedules(mutant);
  try {
    return await run(process.execPath, ["--enable-source-maps", bundle, ...flags, ...more]);
  } finally {
    rmSync(bundle, { force: true });
  }
}

if (named && chosen.length === 0) throw new Error(`There is no mutant ${named}.`);
if (named || process.argv.includes("--mutation")) {
  let survived = 0;
  for (const mutant of chosen) {
    process.stdout.write(`\nMutant ${mutant.name}: ${mutant.what}\n`);
    if ((await runBundle(mutant, ["--until-broken"])) === 0) {
      survived += 1;
      process.stdout.write(`Mutant ${mutant.name} SURVIVED\n`);
    }
  }
  process.stdout.write(
    `\n${chosen.length - survived} of ${chosen.length} mutants turned the schedules red.\n`,
  );
  process.exitCode = survived > 0 ? 1 : 0;
} else process.exitCode = await runBundle(null, []);
