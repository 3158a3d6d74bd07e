// npm run bench: install, build, then the claims of bench/. Flags: --only NAME, --long, --json.
import { build, install } from "./install.mjs";
import { ROOT, run } from "./run.mjs";

await install();
await build();
process.exit(await run(process.execPath, [`${ROOT}bench/dist/main.js`, ...process.argv.slice(2)]));
