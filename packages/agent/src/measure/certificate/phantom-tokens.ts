// Tokens that were counted but never generated. Several tokens in one chunk are no sign of them: the text is longer
// then, and the wait for it a multiple of a step.
import { isContended } from "./clock-tolerance.ts";
import { type AttemptFacts, nsToMs, type SampleFacts } from "./facts.ts";

/** Merged chunks carry more text each; fewer chunks with less text in all are fewer tokens than were counted. */
const TEXT_SHARE = 0.85;

/** Answers of one token say less of what a token has in the middle of a text. */
const TEXT_SHARE_BY_SINGLES = 0.6;

/** As many chunks as tokens, nearly: nothing is merged. */
const ONE_BY_ONE = 0.95;

/** A median of fewer gaps, or of shorter ones, is the clock's and the sockets' rather than the engine's. */
const GAPS_MIN = 20;
const STEP_MIN_MS = 4;

/**
 * How far above a multiple of a step the usual gap must be to be none. Stalls make the mean step longer than the usual
 * one, so a gap just below a multiple is that multiple.
 */
const ABOVE_MULTIPLE = { from: 0.07, to: 0.4 };

/** Complaints about fewer tokens than were counted. */
export const phantomTokens = (sample: SampleFacts, attempt: AttemptFacts): string[] =>
  sample.evidence.stream.textTimesMs.length >= ONE_BY_ONE * sample.figures.generatedTokens
    ? []
    : [...byText(sample, attempt), ...byPace(sample)];

function byText({ evidence, figures }: SampleFacts, { warmUp }: AttemptFacts): string[] {
  const { textTimesMs, textBytes } = evidence.stream;
  const counted = figures.generatedTokens;
  const { bytesPerToken, singleTokenBytes } = warmUp;
  const perToken = bytesPerToken ?? singleTokenBytes;
  if (perToken === null || textTimesMs.length >= TEXT_SHARE * counted) return [];
  const share = bytesPerToken === null ? TEXT_SHARE_BY_SINGLES : TEXT_SHARE;
  if (textBytes >= share * perToken * counted) return [];
  return [
    `${textBytes} bytes of text in ${textTimesMs.length} chunks for ${counted} tokens, some ${Math.round(perToken * counted)} by shorter answers: not all were generated`,
  ];
}

/** A chunk waits for one token or for several: its gap is one step or a multiple, unless the step is made too short. */
function byPace(sample: SampleFacts): string[] {
  const { figures, timings } = sample;
  const gapsMs = [...timings.gapsMs].sort((one, other) => one - other);
  const usualMs = gapsMs[Math.floor(gapsMs.length / 2)] ?? 0;
  const stepMs = nsToMs(figures.evalNs) / (figures.generatedTokens - 1);
  if (isContended(sample) || gapsMs.length < GAPS_MIN || !(stepMs >= STEP_MIN_MS)) return [];
  const steps = usualMs / stepMs;
  const multiple = Math.floor(steps);
  const above = steps - multiple;
  if (multiple < 1 || above <= ABOVE_MULTIPLE.from * multiple || above >= ABOVE_MULTIPLE.to) return [];
  return [
    `${gapsMs.length + 1} chunks for ${figures.generatedTokens} tokens, each after ${steps.toFixed(2)} steps of ${stepMs.toFixed(2)} ms as a rule: not all tokens were generated`,
  ];
}
