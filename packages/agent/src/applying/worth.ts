// What a sample is worth for the purpose of a preset, as one positive number, more being better. Pure.
import { answerWaitMs, OBJECTIVES } from "@ozone/shared/objective";

/** The figures of one sample; absent: it has none. */
export interface SampleFigures {
  readonly decodeTokensPerSecond?: number | undefined;
  readonly ttftMs?: number | undefined;
}

/** Whether a preset of this purpose promises speed; max_context promises room alone. */
export const promisesSpeed = (purpose: string): boolean => purpose !== "max_context";

/** Null for a sample that lacks a figure. A purpose that is not known here is judged by its decode rate. */
export function worthOf(purpose: string, numCtx: number, sample: SampleFigures): number | null {
  const { decodeTokensPerSecond, ttftMs } = sample;
  if (decodeTokensPerSecond === undefined || ttftMs === undefined) return null;
  if (decodeTokensPerSecond <= 0 || ttftMs <= 0) return null;
  const figures = { numCtx, decodeTokensPerSecond, ttftMs };
  if (purpose === "fast_response") return 1000 / answerWaitMs(figures);
  // The score of `balanced` is a sum of logarithms.
  const objective = OBJECTIVES.find((one) => one.purpose === purpose && purpose === "balanced");
  return objective === undefined ? decodeTokensPerSecond : Math.exp(objective.score(figures));
}
