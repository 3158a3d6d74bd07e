// One schedule from its start to its verdict: a fleet of its own, a small sweep, the faults, the end of the sweep, the
// checker; then everything is ended, and what is left behind counts against it.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@ozone/shared/errors";
import { waitFor } from "../../setup/wait-for.ts";
import { check } from "./check.ts";
import { collectEvidence } from "./collect-evidence.ts";
import type { Schedule } from "./draw-schedule.ts";
import type { Evidence } from "./evidence.ts";
import { Fleet, outboxOf } from "./fleet.ts";
import { pause } from "./moments.ts";
import { type FaultsDone, runFaults } from "./run-faults.ts";

/** What came of a schedule. */
export interface Outcome {
  /** What did not hold; empty: all held. */
  readonly broken: readonly string[];
  readonly faultsDone: number;
  readonly trials: number;
  readonly resumedMs: number | null;
  readonly seconds: number;
  /** Logs of a broken one. */
  readonly keptIn: string | null;
}

/** What a run needs from outside. */
export interface Running {
  readonly say: (line: string) => void;
  /** Told of the fleet as soon as there is something to end. */
  readonly onStarted: (fleet: Fleet) => void;
  /** Where the logs of a broken schedule go. */
  readonly keepIn: string;
}

const SWEEP =
  "--num-ctx 512 --num-batch 64,128,256 --num-predict 8 --launches 1 --repetitions 2 --strategy grid";
const NOW = ["--contended", "allow", "--quiet-wait", "0s"];
/** Longer than I10 asks for, so that it is measured and not only missed. */
const RESUME_LIMIT_MS = 90_000;
const SWEEP_LIMIT_MS = 240_000;
const OUTBOX_LIMIT_MS = 60_000;
/** What is published after the end is taken in within this. */
const SETTLE_MS = 1_500;

const receiptsOf = (fleet: Fleet): number =>
  [...fleet.journals().values()].flat().filter(({ event }) => event !== "finished").length;

const sweepStates = async ({ stack }: Fleet): Promise<string[]> =>
  (await stack.query<{ state: string }>("select state from sweeps")).map(({ state }) => state);

/** Milliseconds until the next receipt; null when the sweep needed none any more. */
async function untilReceipt(fleet: Fleet): Promise<number | null> {
  const [before, since] = [receiptsOf(fleet), performance.now()];
  const isOver = async () => (await sweepStates(fleet)).every((state) => state !== "running");
  for (;;) {
    const passedMs = performance.now() - since;
    if (receiptsOf(fleet) > before || passedMs > RESUME_LIMIT_MS) return Math.round(passedMs);
    if (await isOver().catch(() => false)) return null;
    await pause(100);
  }
}

/** Lets the sweep and the outboxes come to their ends; what does not is for the checker to say. */
async function comeToAnEnd(fleet: Fleet, { afterwards }: FaultsDone, say: Running["say"]): Promise<void> {
  const sayLate = (thrown: unknown) => say(messageOf(thrown));
  const isOver = (states: string[]) => states.every((state) => state !== "running");
  await waitFor("the end of the sweep", () => sweepStates(fleet), {
    until: isOver,
    limitMs: SWEEP_LIMIT_MS,
  }).catch(sayLate);
  for (const act of afterwards) await act();
  const outboxes = () => fleet.agents.flatMap(outboxOf);
  const until = (names: string[]) => names.length === 0;
  await waitFor("receipts for everything", outboxes, { until, limitMs: OUTBOX_LIMIT_MS }).catch(sayLate);
  await pause(SETTLE_MS);
}

async function gatherEvidence(
  fleet: Fleet,
  schedule: Schedule,
  say: Running["say"],
): Promise<[Evidence, number]> {
  const began = performance.now();
  const enginesBefore = await Promise.all(fleet.agents.map(({ engine }) => engine.state()));
  const name = `schedule-${schedule.number}`;
  const words = ["sweep", "run", "--detach", "--name", name, ...SWEEP.split(" "), ...NOW];
  const { sweep } = await fleet.stack.json<{ sweep: { id: string } }>(words);
  const done = await runFaults(fleet, schedule, say);
  const resumedMs = await untilReceipt(fleet);
  await comeToAnEnd(fleet, done, say);
  const lastedMs = performance.now() - began;
  const known = { sweepId: sweep.id, enginesBefore, resumedMs, lastedMs, seed: schedule.seed };
  return [await collectEvidence(fleet, known), done.done];
}

/** Processes that name the folder in their command line or environment. */
function processesLeft(folder: string): string[] {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return ids.flatMap((id) => {
    try {
      const words = readFileSync(`/proc/${id}/cmdline`, "utf8");
      const text = words + readFileSync(`/proc/${id}/environ`, "utf8");
      return text.includes(folder) ? [`${id} ${words.split("\0").slice(0, 3).join(" ")}`] : [];
    } catch {
      return []; // It ended meanwhile.
    }
  });
}

/** Ends the fleet. @returns what was left behind. */
async function endAll(fleet: Fleet): Promise<string[]> {
  const { dataDir } = fleet.stack;
  await fleet.end();
  const left = processesLeft(dataDir).map((words) => `left behind: process ${words}`);
  return existsSync(dataDir) ? [...left, `left behind: folder ${dataDir}`] : left;
}

/** Maps are written as objects: a person reads the file. */
const readable = (_key: string, value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries(value) : value;

/** Runs one schedule. Never throws: what goes wrong is in the outcome. */
export async function runSchedule(schedule: Schedule, { say, onStarted, keepIn }: Running): Promise<Outcome> {
  const began = performance.now();
  const broken: string[] = [];
  let fleet: Fleet | null = null;
  let evidence: Evidence | null = null;
  let faultsDone = 0;
  try {
    await Fleet.start((started) => {
      fleet = started;
      onStarted(started);
    });
    if (!fleet) throw new Error("nothing was started");
    [evidence, faultsDone] = await gatherEvidence(fleet, schedule, say);
    broken.push(...check(evidence));
  } catch (thrown) {
    broken.push(`the schedule could not be carried out: ${messageOf(thrown)}`);
  }
  const started = fleet as Fleet | null;
  if (started && broken.length > 0) {
    await started
      .keepLogs(keepIn)
      .catch((thrown: unknown) => say(`logs could not be kept: ${messageOf(thrown)}`));
    writeFileSync(join(keepIn, "evidence.json"), JSON.stringify({ schedule, broken, evidence }, readable, 2));
  }
  if (started) broken.push(...(await endAll(started)));
  return {
    broken,
    faultsDone,
    trials: evidence?.trials.length ?? 0,
    resumedMs: evidence?.resumedMs ?? null,
    seconds: Math.round((performance.now() - began) / 100) / 10,
    keptIn: broken.length > 0 ? keepIn : null,
  };
}
