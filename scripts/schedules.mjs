// npm run schedules: fault schedules over shipped code. With --mutant=NAME: the same with one mechanism patched out of the
// bundle (never of the sources), until one is broken. `npm run mutants` tries them all.
import { existsSync, rmSync } from "node:fs";
import { build, install } from "./install.mjs";
import { MUTANTS } from "./mutants.mjs";
import { ROOT, run } from "./run.mjs";

const OURS = "--mutant=";
const flags = process.argv.slice(2).filter((flag) => !flag.startsWith(OURS));
const named = process.argv.find((flag) => flag.startsWith(OURS))?.slice(OURS.length);
const mutant = MUTANTS.find(({ name, tests }) => name === named && !tests);
if (named && !mutant) throw new Error(`The schedules have no mutant ${named}.`);

// Ctrl-C reaches the bundle too: it ends what it started, and then this does.
process.on("SIGINT", () => undefined);

await install();
// The bundle lies beside the coordinator's, and is made from the sources.
if (!existsSync(`${ROOT}packages/coordinator/dist`)) await build();
// esbuild is there once it is installed.
const { buildSchedules } = await import("./schedules-bundle.mjs");
const bundle = await buildSchedules(mutant);
try {
  const words = ["--enable-source-maps", bundle, ...flags, ...(mutant ? ["--until-broken"] : [])];
  process.exitCode = await run(process.execPath, words);
} finally {
  rmSync(bundle, { force: true });
}
