// A small coordinator for the tests, bundled and run as a process of its own so that it can be killed or run as
// another user. Usage: node parent.mjs DATA_DIR [NATS_SERVER]. It prints one JSON line when its servers run, and stops
// them when its standard input ends.
import { type EmbeddedNats, startNats } from "../nats-server.ts";
import { type EmbeddedPostgres, startPostgres } from "../postgres.ts";

/** What it prints. */
export interface ParentReport {
  postgres: { url: string; pid: number; adopted: boolean };
  nats: { url: string; pid: number; adopted: boolean } | null;
  lines: string[];
}

const [dataDir = "", binary] = process.argv.slice(2);
const lines: string[] = [];
const log = (line: string): void => {
  lines.push(line);
};
const postgres: EmbeddedPostgres = await startPostgres({ dataDir, log });
const nats: EmbeddedNats | null = binary === undefined ? null : await startNats({ dataDir, binary, log });
const report: ParentReport = { postgres, nats, lines };
process.stdout.write(`${JSON.stringify(report)}\n`);
process.stdin.resume();
process.stdin.once("end", async () => {
  await nats?.stop();
  await postgres.stop();
  process.exit(0);
});
