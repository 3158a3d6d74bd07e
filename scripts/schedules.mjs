// npm run schedules: fault schedules over shipped code. With --mutation: the same with one mechanism patched out of the
// bundle (never of the sources) at a time; each must turn it red.
import { rmSync } from "node:fs";
import { run } from "./run.mjs";
import { buildSchedules, MUTANTS } from "./schedules-bundle.mjs";

const flags = process.argv.slice(2).filter((flag) => flag !== "--mutation");

async function runBundle(mutant, more) {
  const bundle = await buildSchedules(mutant);
  try {
    return await run(process.execPath, ["--enable-source-maps", bundle, ...flags, ...more]);
  } finally {
    rmSync(bundle, { force: true });
  }
}

if (process.argv.includes("--mutation")) {
  let survived = 0;
  for (const mutant of MUTANTS) {
    process.stdout.write(`\nMutant ${mutant.name}: ${mutant.what}\n`);
    if ((await runBundle(mutant, ["--until-broken"])) === 0) {
      survived += 1;
      process.stdout.write(`Mutant ${mutant.name} SURVIVED\n`);
    }
  }
  process.stdout.write(
    `\n${MUTANTS.length - survived} of ${MUTANTS.length} mutants turned the schedules red.\n`,
  );
  process.exitCode = survived > 0 ? 1 : 0;
} else process.exitCode = await runBundle(null, []);
