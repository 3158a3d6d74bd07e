// What a machine keeps up once it has slowed down: the end of a sustained run, in place of the samples of its first minute.
import { type Sample, SampleKind, type TrialResult } from "@ozone/proto/trial";
import { withRoundRates } from "./round-rates.ts";

/** A shorter run says that rates fell, not what the machine keeps up (reference/statistics.md 1.4-10). */
const TELLING_MS = 60_000;

/** Fewer samples than this have no interval. */
const SAMPLES_MIN = 3;

/** That it slowed down is what the run is there to show; work of others still spoils a sample. */
const isUndisturbed = ({ checks }: Sample): boolean =>
  !checks.some(({ code, passed }) => code === "uncontended" && passed === false);

/**
 * The last third of a sustained run of at least a minute that showed throttling, the third that the run's own verdict
 * is about; null where the machine kept its speed, was not asked, or the run's end can't be used.
 */
export function keptUpSamples(
  result: Pick<TrialResult, "protocol" | "configuration" | "rounds" | "samples" | "sustained">,
): Sample[] | null {
  const { sustained, protocol } = result;
  if (!sustained?.throttled || sustained.durationMs < TELLING_MS) return null;
  const run = result.samples.filter(({ kind }) => kind === SampleKind.SUSTAINED);
  const end = run.slice(run.length - Math.floor(run.length / 3));
  const usable = end.filter((sample) => sample.valid && (protocol?.allowContended || isUndisturbed(sample)));
  return usable.length < SAMPLES_MIN ? null : withRoundRates(result, usable);
}
