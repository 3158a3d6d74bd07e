// What "best" means for each preset: objectives over the figures of a configuration, taken with the context filled.
import { compileObjective } from "./objectives/compile.ts";
import type { NamedValues } from "./objectives/evaluate.ts";
import { type ObjectiveData, objectiveText } from "./objectives/objective-data.ts";

/** The figures that objectives look at. */
export interface ObjectiveFigures {
  readonly numCtx: number;
  /** Sum over concurrent requests, tokens per second. */
  readonly decodeTokensPerSecond: number;
  readonly ttftMs: number;
  /** What else an objective may name, where it is known. */
  readonly others?: NamedValues;
}

/** One objective: higher scores are better. */
export interface Objective {
  readonly purpose: string;
  /** For people: what it looks for. */
  readonly words: string;
  /** When to use the preset. */
  readonly useCase: string;
  /** The same in the grammar of docs/presets.md. */
  readonly data: ObjectiveData;
  /** What ctx_floor stands for in it. */
  readonly contextFloor: number;
  /** NaN where something that it rests on is not known. */
  score(figures: ObjectiveFigures): number;
  /** Whether it may choose such a configuration among these contexts; null: something that decides is not known. */
  allows(figures: Partial<ObjectiveFigures>, contexts: readonly number[]): boolean | null;
  /** The score in words that can be compared: "812 ms for a 64-token answer". */
  explain(figures: ObjectiveFigures): string;
}

/** fast_response looks only at contexts from here on: below, it would win by not being useful. */
export const CONTEXT_FLOOR = 4096;
const ANSWER_TOKENS = 64;

/** How long a person waits for a 64-token answer, in milliseconds. */
export const answerWaitMs = ({ ttftMs, decodeTokensPerSecond }: ObjectiveFigures): number =>
  ttftMs + (ANSWER_TOKENS * 1000) / decodeTokensPerSecond;

/** What an objective is made from. */
export interface ObjectiveParts {
  readonly purpose: string;
  readonly words: string;
  readonly useCase: string;
  readonly data: ObjectiveData;
  readonly contextFloor?: number;
  readonly explain?: Objective["explain"];
}

const valuesOf = (
  { numCtx, decodeTokensPerSecond, ttftMs, others }: Partial<ObjectiveFigures>,
  floor: number,
): NamedValues => ({
  ...others,
  num_ctx: numCtx,
  decode_tps: decodeTokensPerSecond,
  ttft_ms: ttftMs,
  ctx_floor: floor,
});

/**
 * Makes an objective from its data.
 * @throws ObjectiveError when a formula can't be used.
 */
export function makeObjective(parts: ObjectiveParts): Objective {
  const { purpose, words, useCase, data, contextFloor = CONTEXT_FLOOR } = parts;
  const compiled = compileObjective(data);
  const score = (figures: ObjectiveFigures) => compiled.score(valuesOf(figures, contextFloor));
  return {
    purpose,
    words,
    useCase,
    data,
    contextFloor,
    score,
    allows: (figures, contexts) => {
      // Where nothing is as large as the floor, whatever there is may be chosen.
      const floor = contexts.some((numCtx) => numCtx >= contextFloor) ? contextFloor : 0;
      return compiled.allows(valuesOf(figures, floor));
    },
    explain:
      parts.explain ?? ((figures) => `score ${score(figures).toPrecision(5)} (${objectiveText(data)})`),
  };
}

const fastResponse = makeObjective({
  purpose: "fast_response",
  words: `the shortest wait for a ${ANSWER_TOKENS}-token answer with the context filled, num_ctx at least ${CONTEXT_FLOOR}`,
  useCase: "Quick commands and interactive use: the shortest wait for a short answer",
  data: { minimise: "ttft_ms + 64000 / decode_tps", where: "num_ctx >= ctx_floor" },
  explain: (figures) => `${Math.round(answerWaitMs(figures))} ms for a ${ANSWER_TOKENS}-token answer`,
});

const balanced: Objective = makeObjective({
  purpose: "balanced",
  words: "the best of ln(decode rate) + 0.5 ln(num_ctx) - 0.3 ln(TTFT)",
  useCase: "Everyday work: speed and room weighed against each other",
  data: { maximise: "ln(decode_tps) + 0.5 * ln(num_ctx) - 0.3 * ln(ttft_ms)", log: true },
  explain: (figures) => `balance ${balanced.score(figures).toFixed(3)}`,
});

const maxContext = makeObjective({
  purpose: "max_context",
  words: "the largest num_ctx whose repetitions succeed at least 95 % of the time, then the decode rate",
  useCase: "Long documents and long tool traces: the most room that works",
  data: { maximise: "num_ctx", where: "success_rate >= 0.95", tieBreak: { maximise: "decode_tps" } },
  explain: ({ numCtx, decodeTokensPerSecond }) =>
    `num_ctx ${numCtx} at ${decodeTokensPerSecond.toFixed(1)} tokens/s`,
});

/** The three presets that every sweep gives. */
export const OBJECTIVES: readonly Objective[] = [fastResponse, balanced, maxContext];

/** Which of these contexts an objective may choose from, as far as the context alone says. */
export function eligibleContexts(purpose: string, contexts: readonly number[]): (numCtx: number) => boolean {
  const objective = OBJECTIVES.find((one) => one.purpose === purpose);
  return (numCtx) => objective?.allows({ numCtx }, contexts) !== false;
}
