// Results of one preset key, put together per configuration. Pure; the order of the results plays no part.
import { type Configuration, type Protocol, Purpose } from "@ozone/proto/configuration";
import { type Memory, type Sample, type Sustained, type TrialResult, Verdict } from "@ozone/proto/trial";
import { configurationKey, configuration as emptyConfiguration } from "@ozone/shared/configuration";
import { attemptKey, type DriftByAttempt, driftAround, mayCount } from "@ozone/shared/drift-around";
import { saysNothing } from "@ozone/shared/failure";
import { groupBy } from "@ozone/shared/group-by";
import type { ObjectiveFigures } from "@ozone/shared/objective";
import { figuresOf } from "@ozone/shared/objectives/figures-of";
import { repetitionsOf } from "@ozone/shared/round-rates";
import { filledSamples } from "@ozone/shared/sample-kinds";
import { median } from "@ozone/shared/statistics/median";
import { keepsItsSpeed, keptUpSamples } from "@ozone/shared/sustained-samples";
import { hasFailed, usableSamples } from "@ozone/shared/usable-samples";
import {
  type Agreement,
  agreement,
  type LeftOut,
  MACHINES_FOR_A_CLASS,
  oddMachines,
} from "./agreeing-machines.ts";

/** Everything known of one configuration of one model on one class. */
export interface ConfigurationSummary {
  readonly key: string;
  readonly configuration: Configuration;
  readonly protocol: Protocol | undefined;
  /** Usable samples of confirmations, else (while there are none) of screenings; of a machine that slows down, what it keeps up. */
  readonly samples: readonly Sample[];
  readonly confirmed: boolean;
  readonly figures: ObjectiveFigures;
  /** Every repetition of every purpose counts as a run; a failed attempt is one failed run. */
  readonly runs: number;
  readonly successes: number;
  readonly loadMs: readonly number[];
  readonly contended: boolean;
  /** The hardware says that it slowed down during some of the samples. */
  readonly slowedDown: boolean;
  /** The machine's largest change of speed around the samples, as a share; null where no references tell. */
  readonly drift: number | null;
  /** Some of the samples lie where the machine changed its speed, and the sweep allowed them. */
  readonly drifted: boolean;
  /** The sustained runs in which a machine slowed down. */
  readonly throttled: readonly Sustained[];
  /** The samples of such runs are those of their ends. */
  readonly keptUp: boolean;
  /** Memory of each result that the samples come from. */
  readonly memories: readonly Memory[];
  readonly machineIds: readonly string[];
  /** Machines whose figures are not like those of the others. */
  readonly leftOut: readonly LeftOut[];
  /** trial/attempt of what the samples come from. */
  readonly evidence: readonly string[];
}

const order = (a: TrialResult, b: TrialResult): number =>
  a.trialId === b.trialId ? a.attempt - b.attempt : a.trialId < b.trialId ? -1 : 1;

/** Whether a result says something about its configuration. A reference is there for its rates, not to be chosen. */
export const counts = ({ failure, purpose }: Pick<TrialResult, "failure" | "purpose">): boolean =>
  !saysNothing(failure?.failureClass) && purpose !== Purpose.REFERENCE;

const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/** The largest change of speed around these results; null when one of them has no reference around it. */
function largestDrift(results: readonly TrialResult[], drift: DriftByAttempt): number | null {
  const changes = results.map((result) => drift.get(attemptKey(result))?.change ?? null);
  if (changes.includes(null)) return null;
  return changes.reduce<number>((most, one) => (Math.abs(one ?? 0) > Math.abs(most) ? (one ?? 0) : most), 0);
}

/**
 * Where a machine slows down under load, only what it keeps up is used: a preset is for hours, not for the first minute.
 * Other results of the configuration stand where a sustained run shows that their machine keeps its speed; the rest
 * can't say it and are left out then.
 */
function speakingFor(sources: readonly TrialResult[]) {
  const throttled = sources.flatMap(({ sustained }) => (sustained?.throttled ? [sustained] : []));
  const ends = new Map(sources.map((result) => [result, keptUpSamples(result)]));
  if ([...ends.values()].every((end) => end === null)) {
    return { results: sources, samples: sources.flatMap(usableSamples), throttled, keptUp: false };
  }
  const results = sources.filter((result) => ends.get(result) !== null || keepsItsSpeed(result));
  const samples = results.flatMap((result) => ends.get(result) ?? usableSamples(result));
  return { results, samples, throttled, keptUp: true };
}

interface Runs {
  readonly runs: number;
  readonly successes: number;
}

function countRuns(group: readonly TrialResult[]): Runs {
  const failedAttempts = group.filter(({ verdict }) => verdict === Verdict.FAILED).length;
  const repetitions = group.map((result) => repetitionsOf(result, filledSamples(result)));
  return {
    runs: repetitions.reduce((sum, { runs }) => sum + runs, failedAttempts),
    successes: repetitions.reduce((sum, { successes }) => sum + successes, 0),
  };
}

/** The share of runs that succeed: of a class the median of its machines' shares, so that no machine decides it alone. */
function successRate(group: readonly TrialResult[]): number {
  const share = ({ runs, successes }: Runs) => successes / runs;
  const own = [...groupBy(group, ({ machineId }) => machineId).values()].map(countRuns);
  const known = own.filter(({ runs }) => runs > 0);
  return known.length >= MACHINES_FOR_A_CLASS ? median(known.map(share)) : share(countRuns(group));
}

/** Results of one configuration, and whose of them may be used. */
interface Group {
  readonly key: string;
  readonly results: readonly TrialResult[];
  readonly usable: readonly TrialResult[];
  readonly agreement: Agreement;
}

function summariseOne(group: Group, drift: DriftByAttempt): ConfigurationSummary | null {
  const { key, agreement: agreed } = group;
  const configuration = group.results[0]?.configuration;
  if (!configuration) return null;
  const left = new Set(agreed.leftOut.map(({ machineId }) => machineId));
  const heard = group.results.filter(({ machineId }) => !left.has(machineId));
  const usable = group.usable.filter(({ machineId }) => !left.has(machineId));
  const confirmations = usable.filter(({ purpose }) => purpose === Purpose.CONFIRM);
  const confirmed = confirmations.length > 0;
  const { results: sources, samples, ...load } = speakingFor(confirmed ? confirmations : usable);
  const figures = figuresOf(configuration, samples, successRate(heard));
  if (!figures) return null;
  return {
    key,
    configuration,
    protocol: sources[0]?.protocol,
    samples,
    confirmed,
    figures,
    ...countRuns(heard),
    loadMs: heard.flatMap((result) => result.loadMs),
    contended: samples.some((sample) => hasFailed(sample, "uncontended")),
    slowedDown: samples.some((sample) => hasFailed(sample, "unthrottled")),
    drift: largestDrift(sources, drift),
    drifted: sources.some((result) => drift.get(attemptKey(result))?.verdict === "drifted"),
    ...load,
    memories: sources.flatMap(({ memory }) => memory ?? []),
    machineIds: unique(sources.map(({ machineId }) => machineId)),
    leftOut: agreed.leftOut,
    evidence: sources.map(({ trialId, attempt }) => `${trialId}/${attempt}`),
  };
}

const NOTHING = emptyConfiguration({ numCtx: 0, numBatch: 0, numPredict: 0 });

/** By configuration key, in its order. */
function groupsOf(results: readonly TrialResult[], drift: DriftByAttempt): Group[] {
  const byKey = groupBy(results, ({ configuration }) => configurationKey(configuration ?? NOTHING));
  return [...byKey]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, own]) => {
      const usable = own.filter((result) => mayCount(result, drift) && usableSamples(result).length > 0);
      return { key, results: own, usable, agreement: agreement(usable) };
    });
}

/** Summaries by configuration key; configurations without a usable sample are left out, and so are machines that are odd. */
export function summarise(results: readonly TrialResult[]): ConfigurationSummary[] {
  const drift = driftAround(results);
  const counted = results.filter(counts).toSorted(order);
  const groups = groupsOf(counted, drift);
  const odd = oddMachines(groups.map((group) => group.agreement));
  if (odd.size === 0) return groups.flatMap((group) => summariseOne(group, drift) ?? []);
  // Nothing that they say is used, and every configuration says so where they could be compared.
  const said = new Map(
    groups.map(({ key, agreement: { leftOut } }) => [
      key,
      leftOut.filter(({ machineId }) => odd.has(machineId)),
    ]),
  );
  const alike = counted.filter(({ machineId }) => !odd.has(machineId));
  return groupsOf(alike, drift).flatMap((group) => {
    const summary = summariseOne(group, drift);
    return summary ? [{ ...summary, leftOut: [...(said.get(group.key) ?? []), ...summary.leftOut] }] : [];
  });
}
