// Is a payload a result at all? What fails here goes to quarantine; it could never be counted.
import { type Sample, SampleKind, type TrialResult, Verdict } from "@ozone/proto/trial";
import { decodeResult } from "@ozone/shared/bus";
import { isKnownCheck, isSampleValid } from "@ozone/shared/check-codes";
import { messageOf } from "@ozone/shared/errors";
import { MESSAGE_BYTES_MAX, SAMPLES_PER_RESULT_MAX } from "@ozone/shared/limits";
import { isFilledSample } from "@ozone/shared/sample-kinds";

const TEXT_MAX = 512;

/** The one sentence for a result that was read and can't be counted. */
export const unusableWords = (problem: string): string => `The result can't be counted: ${problem}.`;

/** A payload that can't be counted, with what could be read of it. */
export class UnusableResult extends Error {
  readonly result: TrialResult | null;

  constructor(message: string, result: TrialResult | null = null) {
    super(message);
    this.name = "UnusableResult";
    this.result = result;
  }
}

const isPositive = (value: number | undefined) =>
  value === undefined || (Number.isFinite(value) && value > 0);
/** Two chunks may arrive in one read: a gap of zero is a gap. */
const isGap = (value: number | undefined) => value === undefined || (Number.isFinite(value) && value >= 0);

/** Ceilings by our judgement, not measured: a token each 20 microseconds, and a full context of 128K in 7 milliseconds. */
const DECODE_MAX = 50_000;
const PREFILL_MAX = 20_000_000;

/**
 * Rates beyond every machine: an agent that lies is not asked for its own opinion. What is possible on some machine but
 * not on this one is the certificate's to refuse, and other machines' results of the class to outvote.
 */
const isImpossible = ({ decodeTokensPerSecond = 0, prefillTokensPerSecond = 0 }: Sample): boolean =>
  decodeTokensPerSecond > DECODE_MAX || prefillTokensPerSecond > PREFILL_MAX;

/** A check of a newer agent that this version does not know may mark a sample or reject it: there its word stands. */
function contradictsItself({ valid, checks, kind }: Sample): boolean {
  const known = checks.filter(({ code }) => isKnownCheck(code));
  if (valid) return !isSampleValid(known, kind);
  const mayBeRejected = checks.some(({ code, passed }) => passed === false && !isKnownCheck(code));
  return isSampleValid(known, kind) && !mayBeRejected;
}

function sampleProblem(sample: Sample): string | null {
  const { prefillTokensPerSecond, decodeTokensPerSecond, ttftMs, totalMs } = sample;
  if (![prefillTokensPerSecond, decodeTokensPerSecond, ttftMs, totalMs].every(isPositive)) {
    return `sample ${sample.index} has a figure that is not a positive number`;
  }
  if (![sample.interTokenP50Ms, sample.interTokenP95Ms].every(isGap)) {
    return `sample ${sample.index} has an inter-token time that is not a duration`;
  }
  if (isImpossible(sample)) return `sample ${sample.index} is faster than any machine`;
  if (!sample.checks.some(({ code }) => isKnownCheck(code)))
    return `sample ${sample.index} carries no certificate`;
  if (contradictsItself(sample)) {
    return `sample ${sample.index} says valid ${sample.valid}, its checks say otherwise`;
  }
  return null;
}

/** A shorter answer stands for its configuration by the fill that it shares: without one it would be half a sample. */
function sharingProblem({ samples, protocol }: TrialResult): string | null {
  for (const { index, kind, launch, promptTokens, fillIndex, numPredict } of samples) {
    if (kind !== SampleKind.SHORTER) continue;
    const fill = samples.find((one) => one.index === fillIndex);
    const isItsFill =
      fill !== undefined &&
      isFilledSample(fill) &&
      fill.launch === launch &&
      fill.promptTokens === promptTokens &&
      fill.index < index;
    if (!isItsFill) return `sample ${index} shares the fill of no sample before it`;
    if (numPredict === undefined || !protocol?.shorterPredicts.includes(numPredict))
      return `sample ${index} has an output length that its trial was not asked for`;
  }
  return null;
}

/** What the agent concluded from several samples together; figures are made from it, so it must be numbers. */
function conclusionProblem({ samples, rounds, sustained, precision }: TrialResult): string | null {
  if (rounds.length > samples.length) return `it has ${rounds.length} rounds of ${samples.length} samples`;
  if (new Set(rounds.map(({ round }) => round)).size < rounds.length) return "it has the same round twice";
  const figures = [
    ...rounds.flatMap((round) => [round.decodeTokensPerSecond, round.wallMs]),
    ...[sustained?.burstTokensPerSecond, sustained?.sustainedTokensPerSecond, sustained?.ratio],
  ];
  if (!figures.every(isPositive))
    return "a round or the sustained run has a figure that is not a positive number";
  const spreads = [
    sustained?.durationMs,
    sustained?.p,
    precision?.decode,
    precision?.prefill,
    precision?.ttft,
  ];
  return spreads.every(isGap) ? null : "a half-width, a duration or a probability is not a number";
}

/** Texts that get a column of their own. */
function hasHostileText(result: TrialResult) {
  const { modelName, modelDigest, hardwareClass, sweepId, failure, conditions, samples } = result;
  const texts = [modelName, modelDigest, hardwareClass, sweepId];
  texts.push(failure?.failureClass ?? "", conditions?.engine?.version ?? "");
  const codes = samples.flatMap(({ checks }) => checks.map(({ code }) => code));
  const isHostile = (text: string) => text.length > TEXT_MAX || text.includes("\0");
  return texts.some(isHostile) || codes.some(isHostile);
}

function problemOf(result: TrialResult, machineId: string): string | null {
  if (result.machineId !== machineId) return "the machine it names is not the one that sent it";
  if (result.trialId === "" || result.attempt < 1) return "it names no attempt of a trial";
  if (!result.configuration || !result.conditions?.engine) return "configuration or conditions are missing";
  if (result.verdict === Verdict.UNSPECIFIED) return "it has no verdict";
  if (result.verdict === Verdict.FAILED && !result.failure) return "it failed without a failure class";
  if (result.samples.length > SAMPLES_PER_RESULT_MAX) return `it has ${result.samples.length} samples`;
  if (result.rawDropped) return "it says that its raw details were dropped, which an agent never does";
  if (hasHostileText(result)) return "a text is too long or hostile";
  if (!Number.isFinite(result.elapsedMs) || result.elapsedMs < 0) return "its elapsed time is not a duration";
  for (const sample of result.samples) {
    const problem = sampleProblem(sample);
    if (problem) return problem;
  }
  return sharingProblem(result) ?? conclusionProblem(result);
}

/**
 * Parses and checks a payload.
 * @param machineId from the subject, which only this machine may write to.
 * @throws UnusableResult with the reason.
 */
export function parseResult(payload: Uint8Array, machineId: string): TrialResult {
  if (payload.length > MESSAGE_BYTES_MAX)
    throw new UnusableResult(`The message has ${payload.length} bytes.`);
  let result: TrialResult;
  try {
    result = decodeResult(payload);
  } catch (thrown) {
    throw new UnusableResult(`The message is not a result: ${messageOf(thrown)}.`);
  }
  const problem = problemOf(result, machineId);
  if (problem) throw new UnusableResult(unusableWords(problem), result);
  return result;
}
