// What "best" means for each preset: objectives over the figures of a configuration, taken with the context filled.

/** The figures that objectives look at. */
export interface ObjectiveFigures {
  readonly numCtx: number;
  /** Sum over concurrent requests, tokens per second. */
  readonly decodeTokensPerSecond: number;
  readonly ttftMs: number;
}

/** One objective: higher scores are better. */
export interface Objective {
  readonly purpose: string;
  /** For people: what it looks for. */
  readonly words: string;
  /** When to use the preset. */
  readonly useCase: string;
  score(figures: ObjectiveFigures): number;
  /** The score in words that can be compared: "812 ms for a 64-token answer". */
  explain(figures: ObjectiveFigures): string;
}

/** fast_response looks only at contexts from here on: below, it would win by not being useful. */
export const CONTEXT_FLOOR = 4096;
const ANSWER_TOKENS = 64;

/** How long a person waits for a 64-token answer, in milliseconds. */
export const answerWaitMs = ({ ttftMs, decodeTokensPerSecond }: ObjectiveFigures): number =>
  ttftMs + (ANSWER_TOKENS * 1000) / decodeTokensPerSecond;

const fastResponse: Objective = {
  purpose: "fast_response",
  words: `the shortest wait for a ${ANSWER_TOKENS}-token answer with the context filled, num_ctx at least ${CONTEXT_FLOOR}`,
  useCase: "Quick commands and interactive use: the shortest wait for a short answer",
  score: (figures) => -answerWaitMs(figures),
  explain: (figures) => `${Math.round(answerWaitMs(figures))} ms for a ${ANSWER_TOKENS}-token answer`,
};

const balanced: Objective = {
  purpose: "balanced",
  words: "the best of ln(decode rate) + 0.5 ln(num_ctx) - 0.3 ln(TTFT)",
  useCase: "Everyday work: speed and room weighed against each other",
  score: ({ decodeTokensPerSecond, numCtx, ttftMs }) =>
    Math.log(decodeTokensPerSecond) + 0.5 * Math.log(numCtx) - 0.3 * Math.log(ttftMs),
  explain: (figures) => `balance ${balanced.score(figures).toFixed(3)}`,
};

const maxContext: Objective = {
  purpose: "max_context",
  words: "the largest num_ctx whose repetitions succeed at least 95 % of the time, then the decode rate",
  useCase: "Long documents and long tool traces: the most room that works",
  // The decode rate decides only between equal contexts: below one token of context, always.
  score: ({ numCtx, decodeTokensPerSecond }) => numCtx + decodeTokensPerSecond / (1 + decodeTokensPerSecond),
  explain: ({ numCtx, decodeTokensPerSecond }) =>
    `num_ctx ${numCtx} at ${decodeTokensPerSecond.toFixed(1)} tokens/s`,
};

/** The three presets that every sweep gives. */
export const OBJECTIVES: readonly Objective[] = [fastResponse, balanced, maxContext];

/** Which of these contexts an objective may choose from. */
export function eligibleContexts(purpose: string, contexts: readonly number[]): (numCtx: number) => boolean {
  if (purpose !== "fast_response") return () => true;
  const floor = contexts.some((numCtx) => numCtx >= CONTEXT_FLOOR) ? CONTEXT_FLOOR : 0;
  return (numCtx) => numCtx >= floor;
}
