// The checker: which invariants did not hold, one sentence each. Pure; it reads the evidence and asks nobody.
import { type JournalLine, receiptedDigests } from "../../setup/journal.ts";
import type { BusySpan } from "./engine-process.ts";
import type { Evidence, ResultSeen } from "./evidence.ts";

/** Work goes on within so long after a fault. */
const RESUME_LIMIT_MS = 60_000;
/** A request counts as ended when its connection is closed, a little after the agent has let go. */
const TOLERANCE_MS = 50;
const ENDED: ReadonlySet<string> = new Set(["done", "failed", "cancelled"]);

const keyOf = ({ trialId, attempt }: { trialId: string; attempt: number }): string => `${trialId}/${attempt}`;

/** Values that occur more than once. */
function repeated(values: readonly string[]): string[] {
  const once = new Set<string>();
  const more = new Set<string>();
  for (const value of values) (once.has(value) ? more : once).add(value);
  return [...more];
}

const allLines = ({ journals }: Evidence): JournalLine[] => [...journals.values()].flat();

/** I1: a receipted result is in Postgres, with the bytes that were sent. */
function lost(evidence: Evidence): string[] {
  const stored = new Map(evidence.results.map((result) => [keyOf(result), result.digest]));
  const published = new Map(evidence.published.map(({ attempt, digest }) => [attempt, digest]));
  const owed = new Map<string, string | undefined>();
  for (const { attempt, outcome } of evidence.receipts)
    if (outcome === "stored" || outcome === "duplicate") owed.set(attempt, published.get(attempt));
  for (const lines of evidence.journals.values())
    for (const [attempt, digest] of receiptedDigests(lines)) owed.set(attempt, digest);
  return [...owed].flatMap(([attempt, digest]) => {
    const found = stored.get(attempt);
    if (found === undefined) return [`I1: ${attempt} was receipted and is not in Postgres`];
    return digest === undefined || digest === found
      ? []
      : [`I1: ${attempt} was receipted as ${digest.slice(0, 12)} and is stored as ${found.slice(0, 12)}`];
  });
}

/** I2: each attempt counts once. */
function doubled(evidence: Evidence): string[] {
  const events = (event: JournalLine["event"]) =>
    allLines(evidence).flatMap((line) => (line.event === event ? [line.attempt] : []));
  const counted = evidence.results.filter(({ failed }) => !failed).map(({ trialId }) => trialId);
  const told = evidence.receipts.flatMap(({ attempt, outcome }) => (outcome === "stored" ? [attempt] : []));
  return [
    ...repeated(evidence.results.map(keyOf)).map((key) => `I2: ${key} is stored more than once`),
    ...repeated(counted).map((id) => `I2: trial ${id} counts more than once`),
    ...repeated(told).map((key) => `I2: ${key} was receipted as newly stored more than once`),
    ...repeated(events("stored")).map((key) => `I2: a journal has ${key} as newly stored more than once`),
    ...repeated(events("finished")).map((key) => `I2: ${key} was measured and finished more than once`),
  ];
}

/** I3: every trial and sweep ends, and the command line shows them as the tables have them. */
function unended({ sweepState, trials, shown, outbox }: Evidence): string[] {
  const said = new Map(shown.map(({ id, state }) => [id, state]));
  const open = trials.filter(({ state }) => !ENDED.has(state));
  const nameless = trials.filter(({ state, failureClass }) => state === "failed" && !failureClass);
  const otherwise = trials.filter(({ id, state }) => said.get(id) !== state);
  return [
    ...(sweepState === "done" ? [] : [`I3: the sweep is ${sweepState}`]),
    ...(trials.length > 0 ? [] : ["I3: the sweep has no trials"]),
    ...open.map(({ id, state }) => `I3: trial ${id} is ${state}`),
    ...nameless.map(({ id }) => `I3: trial ${id} failed without a class`),
    ...otherwise.map(
      ({ id, state }) => `I3: trial ${id} is ${state} and is shown as ${said.get(id) ?? "missing"}`,
    ),
    ...outbox.map((name) => `I3: ${name} waits in an outbox for ever`),
  ];
}

/** I4: what was told stale did not write, and what counts was written by the newest attempt. */
function stale(evidence: Evidence): string[] {
  const stored = new Set(evidence.results.map(keyOf));
  const refused = [
    ...allLines(evidence).filter(({ event }) => event === "stale"),
    ...evidence.receipts.filter(({ outcome }) => outcome === "stale"),
  ].map(({ attempt }) => attempt);
  const newest = new Map(evidence.trials.map(({ id, attempt }) => [id, attempt]));
  const isOld = ({ trialId, attempt, failed }: ResultSeen) => !failed && newest.get(trialId) !== attempt;
  return [
    ...[...new Set(refused)]
      .filter((key) => stored.has(key))
      .map((key) => `I4: ${key} was stale and is stored`),
    ...evidence.results
      .filter(isOld)
      .map((result) => `I4: ${keyOf(result)} counts and is not the newest attempt`),
  ];
}

/** I5: the same results, the same presets, in any order. */
const unsteady = ({ presetDigests }: Evidence): string[] =>
  new Set(presetDigests).size > 1 ? ["I5: the presets depend on the order of the results"] : [];

/** I6: an agent's results are of its own trials. */
function foreign({ trials, results }: Evidence): string[] {
  const owner = new Map(trials.map(({ id, machineId }) => [id, machineId]));
  return results
    .filter(({ trialId, machineId }) => owner.get(trialId) !== machineId)
    .map((result) => `I6: ${keyOf(result)} was written by ${result.machineId}, whose trial it is not`);
}

const overlap = (a: BusySpan, b: BusySpan): boolean =>
  a.startedMs + TOLERANCE_MS < b.endedMs && b.startedMs + TOLERANCE_MS < a.endedMs;

/** I7: one benchmark at a time on the host. */
function atOnce({ busy }: Evidence): string[] {
  const [first = [], second = []] = busy;
  const both = first.flatMap((a) => second.filter((b) => overlap(a, b)).map((b) => [a, b] as const));
  return both.slice(0, 3).map(([a, b]) => {
    const ms = Math.round(Math.min(a.endedMs, b.endedMs) - Math.max(a.startedMs, b.startedMs));
    return `I7: both engines inferred at once for ${ms} ms`;
  });
}

/** I9: engines are left as they were found. */
const left = ({ engines }: Evidence): string[] =>
  engines.flatMap(({ before, after }, place) =>
    JSON.stringify(before) === JSON.stringify(after)
      ? []
      : [`I9: engine ${place} was ${JSON.stringify(before)} and is ${JSON.stringify(after)}`],
  );

/** I10: work goes on. */
const idle = ({ resumedMs }: Evidence): string[] =>
  resumedMs !== null && resumedMs > RESUME_LIMIT_MS
    ? [`I10: no receipt within ${RESUME_LIMIT_MS / 1_000} s after the last fault`]
    : [];

/** Durations are steady when clocks are not: none is negative or longer than the schedule. */
const unsound = ({ results, lastedMs }: Evidence): string[] =>
  results
    .filter(({ elapsedMs }) => !(elapsedMs >= 0 && elapsedMs <= lastedMs))
    .map((result) => `durations: ${keyOf(result)} says that it took ${result.elapsedMs} ms`);

const RULES = [lost, doubled, unended, stale, unsteady, foreign, atOnce, left, idle, unsound];

/** What did not hold; empty when all did. */
export const check = (evidence: Evidence): string[] => RULES.flatMap((rule) => rule(evidence));
