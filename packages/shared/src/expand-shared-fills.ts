// One result whose fills were shared -> one result per output length, as if each had been a trial of its own. Only for
// reading: what is stored, and what the evidence ids lead to, is the one result with its raw samples.
import { create } from "@bufbuild/protobuf";
import {
  type Configuration,
  ConfigurationSchema,
  type Protocol,
  ProtocolSchema,
} from "@ozone/proto/configuration";
import {
  type Check,
  ContextUseSchema,
  type Sample,
  SampleKind,
  SampleSchema,
  type TrialResult,
  TrialResultSchema,
  Verdict,
} from "@ozone/proto/trial";
import { GUARDING_CHECKS, isSampleValid } from "./check-codes.ts";
import { isFilled } from "./configuration.ts";

const isShorter = ({ kind }: Sample): boolean => kind === SampleKind.SHORTER;

/** Failed is worse than unknown, unknown worse than passed. */
const badness = ({ passed }: Check): number => (passed === false ? 2 : passed === undefined ? 1 : 0);

/**
 * A certificate that holds for the fill as well: of each check the worse of both. What guards figures of the answer only
 * is the answer's own.
 */
function certificateOf(shorter: Sample, fill: Sample): Check[] {
  return shorter.checks.map((own) => {
    const other = fill.checks.find(({ code }) => code === own.code);
    return other && !GUARDING_CHECKS.has(own.code) && badness(other) > badness(own) ? other : own;
  });
}

/**
 * The shorter answer as a sample of its own configuration: decode rate and gaps between tokens are its own, TTFT and
 * prefill those of the fill. Its total and its energy would need a fill that never was, and stay unknown.
 */
function ofItsOwn(shorter: Sample, fill: Sample): Sample {
  const checks = certificateOf(shorter, fill);
  return create(SampleSchema, {
    ...shorter,
    kind: SampleKind.FILLED,
    checks,
    valid: shorter.valid && fill.valid && isSampleValid(checks),
    prefillTokensPerSecond: fill.prefillTokensPerSecond,
    ttftMs: fill.ttftMs,
    totalMs: undefined,
    energyJoules: undefined,
  });
}

function verdictOf({ verdict }: TrialResult, samples: readonly Sample[]): Verdict {
  if (verdict !== Verdict.VALID && verdict !== Verdict.REJECTED) return verdict;
  return samples.every(({ valid }) => valid) ? Verdict.VALID : Verdict.REJECTED;
}

/** What every view of a result is made from. */
interface Shared {
  readonly result: TrialResult;
  readonly configuration: Configuration;
  readonly protocol: Protocol;
}

function contextOf({ result, protocol }: Shared, point: Configuration, samples: readonly Sample[]) {
  const { context } = result;
  if (!context) return undefined;
  const valid = samples.filter((sample) => sample.valid);
  const [first, ...others] = valid.length > 0 ? valid : samples;
  if (!first) return create(ContextUseSchema, { ...context, promptTokens: 0, filled: false });
  const least = others.reduce((one, other) => (other.promptTokens < one.promptTokens ? other : one), first);
  const filled = isFilled(point, protocol.fill, least);
  return create(ContextUseSchema, { ...context, promptTokens: least.promptTokens, filled });
}

/** What one output length makes of the result: the load, the machine and the failure are the same for all. */
function shorterResult(shared: Shared, numPredict: number): TrialResult[] {
  const { result, protocol } = shared;
  const samples = result.samples.flatMap((sample) => {
    if (!isShorter(sample) || sample.numPredict !== numPredict) return [];
    const fill = result.samples.find(({ index }) => index === sample.fillIndex);
    return fill ? [ofItsOwn(sample, fill)] : [];
  });
  // Not measured, and not failed either: there is nothing to say of this length. The trial's own warning says why.
  if (samples.length === 0 && result.verdict !== Verdict.FAILED) return [];
  const configuration = create(ConfigurationSchema, { ...shared.configuration, numPredict });
  const context = contextOf(shared, configuration, samples);
  // Rounds, sustained run and precision are those of the longest answers.
  const { sustained: _run, precision: _widths, context: _longest, ...same } = result;
  return [
    create(TrialResultSchema, {
      ...same,
      ...(context ? { context } : {}),
      configuration,
      protocol: create(ProtocolSchema, { ...protocol, shorterPredicts: [] }),
      verdict: verdictOf(result, samples),
      samples,
      rounds: [],
    }),
  ];
}

/**
 * The results that a result stands for: itself where no fill was shared; else the longest output with its own samples,
 * then each shorter one, longest first. All of them have the trial and attempt of the one that is stored.
 */
export function expandSharedFills(result: TrialResult): TrialResult[] {
  const { configuration, protocol, samples } = result;
  if (!configuration || !protocol || protocol.shorterPredicts.length === 0) return [result];
  const own = samples.filter((sample) => !isShorter(sample));
  const longest = create(TrialResultSchema, {
    ...result,
    protocol: create(ProtocolSchema, { ...protocol, shorterPredicts: [] }),
    verdict: verdictOf(result, own),
    samples: own,
  });
  const lengths = [...new Set(protocol.shorterPredicts)].sort((a, b) => b - a);
  const shared = { result, configuration, protocol };
  return [longest, ...lengths.flatMap((numPredict) => shorterResult(shared, numPredict))];
}
