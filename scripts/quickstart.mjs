// npm run quickstart: install, build, then everything else is the command `ozone quickstart`. Flags are passed on.
import { build, install } from "./install.mjs";
import { ROOT, run } from "./run.mjs";

await install();
process.stderr.write("Building\n");
await build();
process.exit(
  await run(process.execPath, [`${ROOT}packages/cli/bin/ozone.js`, "quickstart", ...process.argv.slice(2)]),
);
