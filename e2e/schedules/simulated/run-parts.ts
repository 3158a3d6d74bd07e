// The schedules dealt out to several processes, each with a Postgres of its own. A schedule depends on the seed and its
// number alone, so where it runs makes no difference.
import { type ChildProcess, fork } from "node:child_process";
import type { ScheduleOutcome } from "./run-schedule.ts";

/** What one process is to run. */
export interface Part {
  readonly seed: string;
  readonly numbers: readonly number[];
}

function outcomesOf(child: ChildProcess, part: Part): Promise<ScheduleOutcome[]> {
  return new Promise((resolve, reject) => {
    child.once("message", (outcomes) => resolve(outcomes as ScheduleOutcome[]));
    child.once("exit", (code, signal) =>
      reject(new Error(`A process with ${part.numbers.length} schedules ended early (${signal ?? code}).`)),
    );
    child.send(part);
  });
}

/** Runs a part in each of so many processes. @returns all outcomes, by number */
export async function runInParts({ seed, numbers }: Part, workers: number): Promise<ScheduleOutcome[]> {
  const parts = Array.from({ length: workers }, (_, worker) => ({
    seed,
    numbers: numbers.filter((_number, index) => index % workers === worker),
  }));
  const working = parts.map((part) => ({
    part,
    child: fork(process.argv[1] ?? "", { execArgv: process.execArgv }),
  }));
  try {
    const outcomes = await Promise.all(working.map(({ child, part }) => outcomesOf(child, part)));
    return outcomes.flat().sort((one, other) => one.number - other.number);
  } catch (thrown) {
    // The others' work is of no use without it; each ends its Postgres as it goes.
    for (const { child } of working) child.kill();
    throw thrown;
  }
}
