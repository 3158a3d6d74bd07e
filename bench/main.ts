// npm run bench: runs the claims that are asked for. One import per claim.
import { bench } from "./bench.ts";

const code = await bench(process.argv.slice(2), [], process);
process.stdout.write("", () => process.exit(code));
