// What a machine keeps up once it has slowed down: the end of a sustained run, in place of the samples of its first minute.
import { type Sample, SampleKind, type TrialResult } from "@ozone/proto/trial";
import { withRoundRates } from "./round-rates.ts";
import { hasFailed } from "./usable-samples.ts";

/** A shorter run says that rates fell, not what the machine keeps up (reference/statistics.md 1.4-10). */
const TELLING_MS = 60_000;

/** An interval needs two. */
const RATES_MIN = 2;

/** Whether a sustained run of at least a minute shows that the machine keeps its speed: its other samples stand then. */
export const keepsItsSpeed = ({ sustained }: Pick<TrialResult, "sustained">): boolean =>
  sustained !== undefined && !sustained.throttled && sustained.durationMs >= TELLING_MS;

/**
 * The last third of a sustained run of at least a minute that showed throttling, the third that the run's own verdict
 * is about; null where the machine kept its speed, was not asked, or the run's end can't be used. A mark for having
 * slowed down spoils none of them, that is what the run is there to show; work of others does.
 */
export function keptUpSamples(
  result: Pick<TrialResult, "protocol" | "configuration" | "rounds" | "samples" | "sustained">,
): Sample[] | null {
  const { sustained, protocol } = result;
  if (!sustained?.throttled || sustained.durationMs < TELLING_MS) return null;
  const run = result.samples.filter(({ kind }) => kind === SampleKind.SUSTAINED);
  const end = run.slice(run.length - Math.floor(run.length / 3));
  const isUsable = (sample: Sample): boolean =>
    sample.valid && (protocol?.allowContended === true || !hasFailed(sample, "uncontended"));
  const usable = withRoundRates(result, end.filter(isUsable));
  const rates = usable.filter(({ decodeTokensPerSecond }) => decodeTokensPerSecond !== undefined);
  return rates.length < RATES_MIN ? null : usable;
}
