// A result without what nobody decides by: every figure stays, the words and counters behind them go. Pure.
import { clone, create } from "@bufbuild/protobuf";
import { CheckSchema, type Sample, type TrialResult, TrialResultSchema } from "@ozone/proto/trial";

const NOTHING = 0n;

/** What failed or could not be made keeps its words: they say why a sample does not count. */
function dropFromSample(sample: Sample): void {
  sample.promptEvalNs = NOTHING;
  sample.evalNs = NOTHING;
  sample.loadNs = NOTHING;
  sample.totalNs = NOTHING;
  sample.chunks = 0;
  delete sample.startedAt;
  sample.checks = sample.checks.map((check) =>
    check.passed === true ? create(CheckSchema, { code: check.code, passed: true }) : check,
  );
}

/** Presets, figures and searches made from it are those made from the whole. */
export function withoutRaw(result: TrialResult): TrialResult {
  const kept = clone(TrialResultSchema, result);
  for (const sample of kept.samples) dropFromSample(sample);
  kept.rawDropped = true;
  return kept;
}
