// npm run bench: runs the claims that are asked for. One import per claim.
import { bench } from "./bench.ts";
import { agentIdle } from "./claims/agent-idle.ts";
import { cli } from "./claims/cli.ts";
import { equivalence } from "./claims/equivalence.ts";
import { honestyCaught } from "./claims/honesty-caught.ts";
import { honestyRefused } from "./claims/honesty-refused.ts";
import { overhead } from "./claims/overhead.ts";

const claims = [honestyCaught, honestyRefused, overhead, equivalence, cli, agentIdle];

const code = await bench(process.argv.slice(2), claims, process);
process.stdout.write("", () => process.exit(code));
