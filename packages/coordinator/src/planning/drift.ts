// When the drift reference is due, and what has to be measured again because the machine changed its speed. Pure.
import { Purpose } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { attemptKey, driftAround } from "@ozone/shared/drift-around";
import { groupBy } from "@ozone/shared/group-by";
import type { PlannedTrial, TrialRow } from "../store/trials.ts";

/** A reference after so many trials, or so much time, whatever comes first (measurement.md, step 8). */
export const EVERY_TRIALS = 8;
/** The same in time. */
export const EVERY_MS = 15 * 60_000;

type EndedTrial = TrialRow & { readonly endedAt: Date };

const isEnded = (trial: TrialRow): trial is EndedTrial =>
  trial.endedAt !== null && trial.state !== "cancelled";

/** Trials that ended after the last reference, oldest first, and when that reference ended. */
function sinceReference(trials: readonly TrialRow[]): { since: EndedTrial[]; referenceAtMs: number | null } {
  const ended = trials.filter(isEnded).sort((a, b) => a.endedAt.getTime() - b.endedAt.getTime());
  const last = ended.findLastIndex(({ purpose }) => purpose === Purpose.REFERENCE);
  return { since: ended.slice(last + 1), referenceAtMs: ended[last]?.endedAt.getTime() ?? null };
}

/** Whether anything was measured since the last reference: at the end of a stretch it needs one more. */
export const isOpenStretch = (trials: readonly TrialRow[]): boolean =>
  sinceReference(trials).since.length > 0;

/** Why a reference is due in the middle of a stretch, in words, or null. */
export function referenceDue(trials: readonly TrialRow[]): string | null {
  const { since, referenceAtMs } = sinceReference(trials);
  const newest = since.at(-1);
  if (!newest) return null;
  if (since.length >= EVERY_TRIALS) return `the drift reference, after ${since.length} trials`;
  const ms = newest.endedAt.getTime() - (referenceAtMs ?? newest.endedAt.getTime());
  return ms >= EVERY_MS ? `the drift reference, after ${Math.round(ms / 60_000)} minutes` : null;
}

/** What a trial measures: equal ones are tries at the same thing. */
export const identityOf = ({ configuration, purpose }: Pick<TrialRow, "configuration" | "purpose">): string =>
  `${purpose} ${configurationKey(configuration)}`;

/** What lies between two references that differ: measured again once, and left out of the presets. */
export interface Drifted {
  readonly repeats: readonly PlannedTrial[];
  readonly notes: readonly string[];
}

/** A trial whose only results lie in a stretch in which the machine changed its speed, and by how much. */
interface LostTrial {
  readonly trial: TrialRow;
  readonly change: number;
}

/** What of equal trials was lost to drift, where that is everything that they gave, and how many of them have ended. */
interface LostGroup {
  readonly lost: readonly LostTrial[];
  /** Failed ones too: what fails when it is measured again is not tried for ever. */
  readonly tries: number;
}

function lostToDrift(trials: readonly TrialRow[], results: readonly TrialResult[]): LostGroup[] {
  const judged = driftAround(results);
  const resultOf = new Map(results.map((result) => [result.trialId, result]));
  const judgeable = trials.filter(
    ({ purpose, protocol, state }) =>
      purpose !== Purpose.REFERENCE && !protocol.allowContended && state === "done",
  );
  const lostOf = (trial: TrialRow): LostTrial[] => {
    const result = resultOf.get(trial.id);
    const drift = result ? judged.get(attemptKey(result)) : undefined;
    return drift?.verdict === "drifted" ? [{ trial, change: drift.change ?? 0 }] : [];
  };
  const ended = groupBy(trials.filter(isEnded), identityOf);
  return [...groupBy(judgeable, identityOf)].flatMap(([identity, group]) => {
    const lost = group.flatMap(lostOf);
    return lost.length === group.length ? [{ lost, tries: ended.get(identity)?.length ?? 0 }] : [];
  });
}

/** Trials that were lost to drift and not measured again yet: nothing is known of them so far. */
export const unsettledTrials = (trials: readonly TrialRow[], results: readonly TrialResult[]): TrialRow[] =>
  lostToDrift(trials, results)
    .filter(({ tries }) => tries === 1)
    .flatMap(({ lost }) => lost.map(({ trial }) => trial));

/**
 * Trials whose only results lie in a stretch in which the machine changed its speed. Each is repeated once; what drifts
 * again is named in a note. A sweep that allows contended samples publishes them with a warning instead.
 */
export function driftedTrials(trials: readonly TrialRow[], results: readonly TrialResult[]): Drifted {
  const groups = lostToDrift(trials, results);
  const once = groups.filter(({ tries }) => tries === 1).flatMap(({ lost }) => lost);
  const notes =
    groups.length > once.length
      ? [
          `${groups.length - once.length} trials lie where the machine changed its speed, also when measured again; they are left out. Find what else uses the machine, or what heats it, and run the sweep again.`,
        ]
      : [];
  return { repeats: once.map(repeatOf), notes };
}

function repeatOf({ trial, change }: LostTrial): PlannedTrial {
  const { configuration, protocol, purpose } = trial;
  return {
    configuration,
    protocol,
    purpose,
    reason: `once more: the machine became ${Math.abs(100 * change).toFixed(0)} % ${change < 0 ? "slower" : "faster"} around the first try`,
  };
}
