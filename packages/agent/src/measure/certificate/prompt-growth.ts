// Prompts of three lengths on the client's own clock: from a short one to half of the sample's, and from there to all of
// it. The work of a prefill grows at least in proportion, so the second stretch can't be much cheaper than the first.
import { timesFaster } from "./clock-tolerance.ts";
import { type AttemptFacts, ms, type SampleFacts } from "./facts.ts";

/** A token of the second half takes at least this share of the time of one of the first. */
const GROWTH_MIN = { quiet: 0.4, contended: 0.25 };
/** A stretch that takes less is hidden by the fixed cost of a request: a fast server, or one of constant cost. */
const TELLING_MS = 15;
const TELLING_SHARE = 0.3;
/** Shorter samples than this many halves (other depths) are not judged by it. */
const WHOLE_OVER_HALF = 1.7;

/** A sentence about a prompt whose second half cost next to nothing; null for one that grew, or can't be judged. */
export function halfComputed({ evidence, timings }: SampleFacts, attempt: AttemptFacts): string | null {
  const { shortPrompt: short, halfPrompt: half } = attempt;
  const { promptTokens, atOnce, repeatedTokens } = evidence;
  if (short === null || half === null || timings.ttftMs === null) return null;
  if (atOnce > 1 || repeatedTokens > 0 || promptTokens < WHOLE_OVER_HALF * half.promptTokens) return null;
  const firstMs = half.ttftMs - short.ttftMs;
  if (firstMs < Math.max(TELLING_MS, TELLING_SHARE * half.ttftMs)) return null;
  const first = firstMs / (half.promptTokens - short.promptTokens);
  const second = (timings.ttftMs - half.ttftMs) / (promptTokens - half.promptTokens);
  if (second >= timesFaster(attempt, { quiet: GROWTH_MIN.quiet, contended: GROWTH_MIN.contended }) * first) {
    return null;
  }
  return `the first text came after ${ms(timings.ttftMs)} for ${promptTokens} tokens and after ${ms(half.ttftMs)} for ${half.promptTokens}: the rest of the prompt was not computed`;
}
