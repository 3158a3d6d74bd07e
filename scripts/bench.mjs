// npm run bench: install, build, then the claims of bench/. Flags are passed on.
import { build, install } from "./install.mjs";
import { ROOT, run } from "./run.mjs";

await install();
process.stderr.write("Building\n");
await build();
process.exit(await run(process.execPath, [`${ROOT}bench/dist/main.js`, ...process.argv.slice(2)]));
