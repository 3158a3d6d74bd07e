// Whether a sweep that lived through switches of versions ended right: pure, one sentence for each thing that does not hold.
import { type JournalLine, receiptedDigests } from "../setup/journal.ts";

/** A trial as its row says. */
export interface TrialSeen {
  readonly id: string;
  readonly machineId: string;
  readonly state: string;
  /** How many attempts there were. */
  readonly attempt: number;
}

/** A stored result as its row says. */
export interface ResultSeen {
  /** trial/attempt */
  readonly attempt: string;
  /** SHA-256 of the stored bytes. */
  readonly digest: string;
}

/** All that is known of one sweep from outside. */
export interface SweepSeen {
  readonly state: string;
  readonly trials: readonly TrialSeen[];
  readonly results: readonly ResultSeen[];
  /** Machine -> lines of its journal, about all sweeps. */
  readonly journals: ReadonlyMap<string, readonly JournalLine[]>;
  /** As `ozone sweep show --json` has them. */
  readonly shown: readonly { readonly id: string; readonly state: string }[];
  /** trial/attempt of what waits for its receipt. */
  readonly outbox: readonly string[];
  /** Configurations of the matrix that each machine had to measure, and what each has been asked. */
  readonly matrix: readonly string[];
  readonly screened: ReadonlyMap<string, ReadonlySet<string>>;
}

const unended = ({ state, trials, shown, outbox }: SweepSeen): string[] => {
  const said = new Map(shown.map((trial) => [trial.id, trial.state]));
  return [
    ...(state === "done" ? [] : [`the sweep is ${state}`]),
    ...trials.filter((trial) => trial.state !== "done").map(({ id, state: is }) => `trial ${id} is ${is}`),
    ...trials
      .filter(({ id, state: is }) => said.get(id) !== is)
      .map(({ id, state: is }) => `trial ${id} is ${is} and is shown as ${said.get(id) ?? "missing"}`),
    ...outbox.map((attempt) => `${attempt} still waits in an outbox`),
  ];
};

const unmeasured = ({ matrix, screened }: SweepSeen): string[] =>
  [...screened].flatMap(([machine, points]) =>
    matrix.filter((point) => !points.has(point)).map((point) => `${machine} never measured ${point}`),
  );

/** No lease ended in this story, so each trial has one attempt, one result, and was finished by one agent once. */
const counts = ({ trials, results, journals }: SweepSeen): string[] => {
  const finished = [...journals.values()]
    .flat()
    .flatMap(({ event, attempt }) => (event === "finished" ? [attempt] : []));
  return trials.flatMap(({ id, attempt }) => {
    const key = `${id}/${attempt}`;
    const stored = results.filter((result) => result.attempt.startsWith(`${id}/`)).length;
    const measured = finished.filter((one) => one === key).length;
    return [
      ...(attempt === 1 ? [] : [`trial ${id} took ${attempt} attempts`]),
      ...(stored === 1 ? [] : [`trial ${id} has ${stored} results`]),
      ...(measured === 1 ? [] : [`${key} was finished ${measured} times`]),
    ];
  });
};

/** What the agents were told to be kept is kept, byte by byte; nothing else is there. */
const unlike = ({ results, journals }: SweepSeen): string[] => {
  const receipted = new Map([...journals.values()].flatMap((lines) => [...receiptedDigests(lines)]));
  return results.flatMap(({ attempt, digest }) => {
    const told = receipted.get(attempt);
    if (told === undefined) return [`${attempt} is stored and no agent has its receipt`];
    return told === digest ? [] : [`${attempt} is stored with other bytes than were sent`];
  });
};

/** What does not hold; empty when all does. */
export const countedOnce = (seen: SweepSeen): string[] => [
  ...(seen.trials.length > 0 ? [] : ["the sweep has no trials"]),
  ...unended(seen),
  ...unmeasured(seen),
  ...counts(seen),
  ...unlike(seen),
];
