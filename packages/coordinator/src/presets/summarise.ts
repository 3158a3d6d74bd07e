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
import { keepsItsSpeed, keptUpSamples } from "@ozone/shared/sustained-samples";
import { hasFailed, usableSamples } from "@ozone/shared/usable-samples";

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

function countRuns(group: readonly TrialResult[]): { runs: number; successes: number } {
  const failedAttempts = group.filter(({ verdict }) => verdict === Verdict.FAILED).length;
  const repetitions = group.map((result) => repetitionsOf(result, filledSamples(result)));
  return {
    runs: repetitions.reduce((sum, { runs }) => sum + runs, failedAttempts),
    successes: repetitions.reduce((sum, { successes }) => sum + successes, 0),
  };
}

function summariseOne(
  key: string,
  group: readonly TrialResult[],
  drift: DriftByAttempt,
): ConfigurationSummary | null {
  const configuration = group[0]?.configuration;
  if (!configuration) return null;
  const usable = group.filter((result) => mayCount(result, drift) && usableSamples(result).length > 0);
  const confirmations = usable.filter(({ purpose }) => purpose === Purpose.CONFIRM);
  const confirmed = confirmations.length > 0;
  const { results: sources, samples, ...load } = speakingFor(confirmed ? confirmations : usable);
  const { runs, successes } = countRuns(group);
  const figures = figuresOf(configuration, samples, successes / runs);
  if (!figures) return null;
  return {
    key,
    configuration,
    protocol: sources[0]?.protocol,
    samples,
    confirmed,
    figures,
    runs,
    successes,
    loadMs: group.flatMap((result) => result.loadMs),
    contended: samples.some((sample) => hasFailed(sample, "uncontended")),
    slowedDown: samples.some((sample) => hasFailed(sample, "unthrottled")),
    drift: largestDrift(sources, drift),
    drifted: sources.some((result) => drift.get(attemptKey(result))?.verdict === "drifted"),
    ...load,
    memories: sources.flatMap(({ memory }) => memory ?? []),
    machineIds: unique(sources.map(({ machineId }) => machineId)),
    evidence: sources.map(({ trialId, attempt }) => `${trialId}/${attempt}`),
  };
}

/** Summaries by configuration key; configurations without a usable sample are left out. */
export function summarise(results: readonly TrialResult[]): ConfigurationSummary[] {
  const nothing = emptyConfiguration({ numCtx: 0, numBatch: 0, numPredict: 0 });
  const drift = driftAround(results);
  const groups = groupBy(results.filter(counts).toSorted(order), ({ configuration }) =>
    configurationKey(configuration ?? nothing),
  );
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, group]) => summariseOne(key, group, drift) ?? []);
}
