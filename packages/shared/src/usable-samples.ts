// Which samples of a result may be used: valid ones of the configuration itself, and contended ones only where the
// sweep allows them.
import type { Sample, TrialResult } from "@ozone/proto/trial";
import { type CheckCode, MARKING_CHECKS } from "./check-codes.ts";
import { withRoundRates } from "./round-rates.ts";
import { filledSamples } from "./sample-kinds.ts";

/** Whether a sample did not pass a check; one that is unknown has not failed. */
export const hasFailed = ({ checks }: Pick<Sample, "checks">, asked: CheckCode): boolean =>
  checks.some(({ code, passed }) => code === asked && passed === false);

/** Whether a sample carries a mark: other programs used the machine, or it slowed down. */
export const isMarked = ({ checks }: Sample): boolean =>
  checks.some(({ code, passed }) => passed === false && MARKING_CHECKS.has(code));

/** Whether a sample may make figures. */
export const isUsable = (result: Pick<TrialResult, "protocol">, sample: Sample): boolean =>
  sample.valid && (result.protocol?.allowContended === true || !isMarked(sample));

/** The samples that the figures of the configuration may be made from, with the decode rates that stand for it. */
export const usableSamples = (
  result: Pick<TrialResult, "protocol" | "configuration" | "rounds" | "samples">,
): Sample[] =>
  withRoundRates(
    result,
    filledSamples(result).filter((sample) => isUsable(result, sample)),
  );
