// What the grid itself says is best, from the repetitions that no search has seen, and how much a choice loses to it.
import { eligibleContexts, OBJECTIVES, type Objective, type ObjectiveFigures } from "@ozone/shared/objective";
import { median } from "@ozone/shared/statistics/median";
import type { GridPoint, RecordedGrid } from "../grids/recorded-grid.ts";
import { keptBack } from "./replayer.ts";

/** max_context takes only what succeeds at least so often. */
const SUCCESS_RATE_MIN = 0.95;

/** Medians of the kept-back repetitions; null where none succeeded, or too many failed for max_context. */
export function truthOf(point: GridPoint, purpose: string): ObjectiveFigures | null {
  const ok = keptBack(point).filter(({ outcome }) => outcome === "ok");
  const decode = ok.flatMap(({ decode_tps }) => decode_tps ?? []);
  const ttft = ok.flatMap(({ ttft_ms }) => ttft_ms ?? []);
  if (decode.length === 0 || ttft.length === 0) return null;
  const clean = point.repetitions.filter(({ outcome }) => outcome === "ok").length;
  if (purpose === "max_context" && clean < SUCCESS_RATE_MIN * point.repetitions.length) return null;
  return {
    numCtx: point.configuration.numCtx,
    decodeTokensPerSecond: median(decode),
    ttftMs: median(ttft),
  };
}

/** The best of a grid for an objective, or null. */
export function bestOf({ points }: RecordedGrid, objective: Objective): ObjectiveFigures | null {
  const contexts = [...points.values()].map(({ configuration }) => configuration.numCtx);
  const eligible = eligibleContexts(objective.purpose, contexts);
  let best: ObjectiveFigures | null = null;
  for (const point of points.values()) {
    const figures = eligible(point.configuration.numCtx) ? truthOf(point, objective.purpose) : null;
    if (figures && (!best || objective.score(figures) > objective.score(best))) best = figures;
  }
  return best;
}

/**
 * Share that a choice loses to the best: of the wait for fast_response, of the exponential of the score for balanced, of
 * the context for max_context and, between equal contexts, of the decode rate. 1 when there is no choice.
 */
export function regretOf(
  purpose: string,
  chosen: ObjectiveFigures | null,
  best: ObjectiveFigures | null,
): number {
  if (!best) return 0;
  if (!chosen) return 1;
  const objective = OBJECTIVES.find((one) => one.purpose === purpose);
  if (!objective) throw new RangeError(`There is no objective ${purpose}.`);
  if (purpose === "max_context") {
    if (chosen.numCtx < best.numCtx) return 1 - chosen.numCtx / best.numCtx;
    return Math.max(0, 1 - chosen.decodeTokensPerSecond / best.decodeTokensPerSecond);
  }
  const [here, there] = [objective.score(chosen), objective.score(best)];
  const loss = purpose === "balanced" ? 1 - Math.exp(here - there) : 1 - there / here;
  return Math.max(0, loss);
}
