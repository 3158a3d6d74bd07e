// npm run bench: runs the claims that are asked for. One import per claim.
import { bench } from "./bench.ts";
import { honestyCaught } from "./claims/honesty-caught.ts";

const claims = [honestyCaught];

const code = await bench(process.argv.slice(2), claims, process);
process.stdout.write("", () => process.exit(code));
