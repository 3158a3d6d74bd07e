// Which samples of a result may be used: valid ones, and contended ones only where the sweep allows them.
import type { Sample, TrialResult } from "@ozone/proto/trial";
import { MARKING_CHECKS } from "./check-codes.ts";

/** Whether a sample carries a mark: other programs used the machine, or it slowed down. */
export const isMarked = ({ checks }: Sample): boolean =>
  checks.some(({ code, passed }) => passed === false && MARKING_CHECKS.has(code));

/** The samples of a result that figures may be made from. */
export const usableSamples = (result: TrialResult): Sample[] =>
  result.samples.filter(
    (sample) => sample.valid && (result.protocol?.allowContended === true || !isMarked(sample)),
  );
