// npm run schedules: seeded schedules of faults over shipped code, each checked; says what that proves.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "../../../packages/coordinator/src/embedded/postgres.ts";
import { confidenceStatement } from "../confidence.ts";
import { SimulatedDatabase } from "./database.ts";
import { runSchedule, type ScheduleOutcome } from "./run-schedule.ts";

const TRACE_LINES = 40;

function describe(seed: string, { number, faults, broken, trace }: ScheduleOutcome): string {
  return [
    `schedule ${number} of seed ${seed} (again: --seed ${seed} --only-schedule ${number})`,
    ...broken.map(({ invariant, what }) => `  ${invariant}: ${what}`),
    ...faults.map(({ kind, atMs, lastsMs }) => `  fault ${kind} at ${atMs} ms, ${lastsMs} ms`),
    ...trace.slice(-TRACE_LINES).map((line) => `    ${line}`),
  ].join("\n");
}

/** Runs with a database of its own. */
export async function withDatabase<Value>(
  work: (database: SimulatedDatabase) => Promise<Value>,
): Promise<Value> {
  const dataDir = await mkdtemp(join(tmpdir(), "ozone-schedules-"));
  await chmod(dataDir, 0o755);
  const postgres = await startPostgres({ dataDir, log: () => undefined });
  try {
    const database = await SimulatedDatabase.open(postgres.url);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
      "only-schedule": { type: "string" },
      "until-broken": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const { seed, json } = values;
  const only = values["only-schedule"];
  const numbers = only
    ? [Number(only)]
    : Array.from({ length: Number(values.count) }, (_, index) => index + 1);
  const started = performance.now();
  const broken: ScheduleOutcome[] = [];
  let ran = 0;
  await withDatabase(async (database) => {
    for (const number of numbers) {
      const outcome = await runSchedule(database, { seed, number });
      ran += 1;
      if (only && !json) process.stdout.write(`${outcome.trace.join("\n")}\n`);
      if (outcome.broken.length > 0) {
        broken.push(outcome);
        if (!json) process.stdout.write(`${describe(seed, only ? { ...outcome, trace: [] } : outcome)}\n`);
        if (values["until-broken"]) break;
      }
    }
  });
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const statement = confidenceStatement(broken.length, ran);
  if (json)
    process.stdout.write(
      `${JSON.stringify({ seed, schedules: ran, seconds, statement, broken }, null, 2)}\n`,
    );
  else process.stdout.write(`Seed ${seed}, ${ran} schedules in ${seconds} s, simulated. ${statement}\n`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}

if (process.argv[1]?.includes("simulated-schedules")) await main();
