// npm run schedules: seeded schedules of faults over shipped code, each checked; says what that proves.
import { rmSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "../../../packages/coordinator/src/embedded/postgres.ts";
import { confidenceStatement } from "../confidence.ts";
import { SimulatedDatabase } from "./database.ts";
import { type Part, runInParts } from "./run-parts.ts";
import { runSchedule, type ScheduleOutcome } from "./run-schedule.ts";

const TRACE_LINES = 40;
/** Fewer are not worth a second Postgres. */
const SHARED_FROM = 20;

function describe(seed: string, { number, faults, broken, trace }: ScheduleOutcome): string {
  return [
    `schedule ${number} of seed ${seed} (again: --seed ${seed} --only-schedule ${number})`,
    ...broken.map(({ invariant, what }) => `  ${invariant}: ${what}`),
    ...faults.map(({ kind, atMs, lastsMs }) => `  fault ${kind} at ${atMs} ms, ${lastsMs} ms`),
    ...trace.slice(-TRACE_LINES).map((line) => `    ${line}`),
  ].join("\n");
}

const EXIT_INTERRUPTED = 130;

/** Whoever is told to end leaves no Postgres and no folder. At once: a schedule's clock stands still then. */
function endOnSignal(postgresPid: number, dataDir: string): () => void {
  const end = () => {
    process.kill(postgresPid, "SIGQUIT");
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    process.exit(EXIT_INTERRUPTED);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, end);
  return () => {
    for (const signal of signals) process.removeListener(signal, end);
  };
}

/** Runs with a database of its own. */
async function withDatabase<Value>(work: (database: SimulatedDatabase) => Promise<Value>): Promise<Value> {
  const dataDir = await mkdtemp(join(tmpdir(), "ozone-schedules-"));
  await chmod(dataDir, 0o755);
  const postgres = await startPostgres({ dataDir, log: () => undefined });
  const noLonger = endOnSignal(postgres.pid, dataDir);
  try {
    const database = await SimulatedDatabase.open(postgres.url);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  } finally {
    noLonger();
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const OPTIONS = {
  count: { type: "string", default: "1000" },
  seed: { type: "string", default: "1" },
  "only-schedule": { type: "string" },
  "until-broken": { type: "boolean", default: false },
  workers: { type: "string", default: String(Math.min(availableParallelism(), 4)) },
  json: { type: "boolean", default: false },
} as const;

/** Runs these here, one after the other, until one is broken where that was asked for. */
async function runHere(seed: string, numbers: readonly number[], untilBroken: boolean) {
  const outcomes: ScheduleOutcome[] = [];
  await withDatabase(async (database) => {
    for (const number of numbers) {
      const outcome = await runSchedule(database, { seed, number });
      outcomes.push(outcome);
      if (untilBroken && outcome.broken.length > 0) break;
    }
  });
  return outcomes;
}

/** A worker: does what it is told, and says what came of it. */
function serveParent(): void {
  process.once("message", ({ seed, numbers }: Part) => {
    runHere(seed, numbers, false).then((outcomes) => {
      process.send?.(outcomes, () => process.disconnect());
    });
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  const { seed, json, count, workers } = values;
  const only = values["only-schedule"];
  const untilBroken = values["until-broken"];
  const numbers = only ? [Number(only)] : Array.from({ length: Number(count) }, (_, index) => index + 1);
  const started = performance.now();
  const isShared = Number(workers) > 1 && numbers.length >= SHARED_FROM && !untilBroken;
  const outcomes = isShared
    ? await runInParts({ seed, numbers }, Number(workers))
    : await runHere(seed, numbers, untilBroken);
  const broken = outcomes.filter((outcome) => outcome.broken.length > 0);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const statement = confidenceStatement(broken.length, outcomes.length);
  const summary = { seed, schedules: outcomes.length, seconds, statement, broken };
  if (json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  else {
    if (only) for (const { trace } of outcomes) process.stdout.write(`${trace.join("\n")}\n`);
    for (const one of broken) process.stdout.write(`${describe(seed, only ? { ...one, trace: [] } : one)}\n`);
    process.stdout.write(
      `Seed ${seed}, ${outcomes.length} schedules in ${seconds} s, simulated. ${statement}\n`,
    );
  }
  process.exitCode = broken.length > 0 ? 1 : 0;
}

if (process.send) serveParent();
else if (process.argv[1]?.includes("simulated-schedules")) await main();
