// npm run e2e: the scenarios on whole stacks, by vitest; with --schedules N: random fault schedules over real processes.
import { build, install } from "./install.mjs";
import { local, ROOT, run } from "./run.mjs";

const words = process.argv.slice(2);
await install();
await build();
const isSchedules = words.some((word) => word === "--schedules" || word.startsWith("--schedules="));
process.exit(
  isSchedules
    ? await run(process.execPath, [`${ROOT}e2e/dist/run-schedules.js`, ...words])
    : await run(local("vitest"), ["run", "--project", "stacks", "--project", "e2e", ...words]),
);
