// npm run e2e -- --schedules N: random fault schedules over real processes, one after the other.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@ozone/shared/errors";
import { confidenceStatement } from "./schedules/confidence.ts";
import { describeFault, drawSchedule, faultWords, type Schedule } from "./schedules/real/draw-schedule.ts";
import { possibleKinds } from "./schedules/real/fault-kinds.ts";
import type { Fleet } from "./schedules/real/fleet.ts";
import { type Outcome, runSchedule } from "./schedules/real/run-schedule.ts";
import { type ScheduleOptions, scheduleOptions } from "./schedules/real/schedule-options.ts";

const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** The fleet that runs now, for whoever interrupts. */
let running: Fleet | null = null;

function endOnSignal(): void {
  let ending = false;
  const end = (signal: string) => {
    if (ending) return;
    ending = true;
    say(`${signal}: ending what was started`);
    const exit = () => process.exit(EXIT_INTERRUPTED);
    (running?.end() ?? Promise.resolve()).then(exit, exit);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => end(signal));
}

function oneLine(schedule: Schedule, { broken, seconds, resumedMs, trials, faultsDone }: Outcome): string {
  const word = broken.length === 0 ? "held" : "BROKEN";
  const of = `${faultsDone} of ${schedule.faults.length} faults, ${trials} trials`;
  const resumed = resumedMs === null ? "" : `, receipts again after ${(resumedMs / 1_000).toFixed(1)} s`;
  return `${String(schedule.number).padStart(3)}  ${word}  ${faultWords(schedule)}  (${of}${resumed})  ${seconds} s`;
}

async function runOne(schedule: Schedule, options: ScheduleOptions): Promise<Outcome> {
  say(`schedule ${schedule.number} (seed ${options.seed})`);
  for (const fault of schedule.faults) say(`  drawn: ${describeFault(fault)}`);
  const began = performance.now();
  const at = () => `${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s`;
  const outcome = await runSchedule(schedule, {
    say: (line) => say(`  ${at()}  ${line}`),
    onStarted: (fleet) => {
      running = fleet;
    },
    keepIn: join(tmpdir(), `ozone-schedule-${options.seed.replaceAll(/[^\w-]/g, "_")}-${schedule.number}`),
  });
  running = null;
  const line = oneLine(schedule, outcome);
  if (options.json) say(line);
  else process.stdout.write(`${line}\n`);
  for (const sentence of outcome.broken) say(`  ${sentence}`);
  if (outcome.keptIn !== null) {
    say(`  logs: ${outcome.keptIn}`);
    const words = `--schedules ${options.schedules} --seed ${options.seed} --only ${schedule.number}`;
    say(`  again: npm run e2e -- ${words}`);
  }
  return outcome;
}

async function main(words: readonly string[]): Promise<number> {
  const options = scheduleOptions(words, String(Date.now()));
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) say("not root: `fill disk` is not drawn, for it needs a mount");
  endOnSignal();
  const numbers = Array.from({ length: options.schedules }, (_, index) => index + 1);
  const asked = numbers.filter((number) => options.only === null || number === options.only);
  const all: (Outcome & { schedule: Schedule })[] = [];
  for (const number of asked) {
    const schedule = drawSchedule(options.seed, number, possibleKinds(isRoot));
    all.push({ schedule, ...(await runOne(schedule, options)) });
  }
  const broken = all.filter((outcome) => outcome.broken.length > 0).length;
  const statement = confidenceStatement(broken, all.length);
  const document = { seed: options.seed, statement, broken, schedules: all };
  process.stdout.write(options.json ? `${JSON.stringify(document)}\n` : `${statement}\n`);
  return broken === 0 ? 0 : EXIT_BROKEN;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    say(messageOf(thrown));
    process.exit(thrown instanceof RangeError ? EXIT_USAGE : EXIT_BROKEN);
  },
);
