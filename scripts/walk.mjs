// npm run walk [-- --machines N]: docs/operating.md's twenty lab machines, as it is written, on isolated machines of this host.
import { build, install } from "./install.mjs";
import { ROOT, run } from "./run.mjs";

await install();
await build();
process.exit(
  await run(process.execPath, [
    "--enable-source-maps",
    `${ROOT}e2e/dist/run-walk.js`,
    ...process.argv.slice(2),
  ]),
);
