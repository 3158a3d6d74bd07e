// How many configurations a strategy measures and confirms: what is certain before it has seen anything. Pure.
import { OBJECTIVES } from "@ozone/shared/objective";
import { trialLimit } from "../../search/guided/index.ts";
import { CONTENDERS_MAX, SAMPLES_MAX } from "../../search/guided/racing.ts";
import { seedCount } from "../../search/guided/seeding.ts";
import { spaceOf } from "../../search/guided/space.ts";
import { drawLimit } from "../../search/halving/index.ts";
import { LAST_RUNG } from "../../search/halving/rungs.ts";
import { SHARE } from "../../search/random.ts";
import { strategyNamed } from "../../search/strategies.ts";
import type { SearchState } from "../../search/strategy.ts";
import { EVERY_MS, EVERY_TRIALS } from "../drift.ts";

/** From the fewest to the most. */
export interface Span {
  readonly min: number;
  readonly max: number;
}

/** What a strategy does with a matrix. */
export interface SweepShape {
  /** Different configurations that are screened, the default included. */
  readonly measured: Span;
  /** Screenings, repetitions of close ones included. */
  readonly screens: Span;
  readonly confirmations: Span;
}

const exactly = (count: number): Span => ({ min: count, max: count });

/** The best of each objective and the default; they may coincide. */
const FINALISTS_MAX = OBJECTIVES.length + 1;

function guidedShape(state: SearchState, points: number): SweepShape {
  const limit = trialLimit(points, state.trialsMax);
  const measured = { min: Math.min(limit, seedCount(spaceOf(state)) + 1), max: limit };
  const repetitions = Math.max(1, state.protocol.repetitions);
  const again = Math.ceil(Math.max(0, SAMPLES_MAX - repetitions) / repetitions);
  const contenders = Math.min(measured.max, OBJECTIVES.length * CONTENDERS_MAX);
  return {
    measured,
    screens: { min: measured.min, max: measured.max + again * contenders },
    // Of each objective the leader and a close second.
    confirmations: { min: 1, max: Math.min(measured.max, 2 * OBJECTIVES.length + 1) },
  };
}

/** Every rung keeps half of what was measured, and what leads for each objective. */
function halvingShape(state: SearchState, points: number): SweepShape {
  const limit = drawLimit(points, state.trialsMax);
  const measured = { min: Math.min(limit, DRAWN_BEFORE_HOPELESS), max: limit };
  return {
    measured,
    screens: { min: measured.min, max: 2 * limit + LAST_RUNG * OBJECTIVES.length },
    confirmations: { min: 1, max: Math.min(limit, FINALISTS_MAX) },
  };
}

/** When nothing works at all, a search ends after so many. */
const DRAWN_BEFORE_HOPELESS = 4;

/** How many configurations there are. */
export interface SweepSize {
  /** Points of the matrix, the impossible ones left out. */
  readonly points: number;
  /** With the default, where it is none of them. */
  readonly all: number;
  /** Trials that measure all of them: fewer where output lengths share fills. */
  readonly trials: number;
}

/** The shape of a sweep on one target; null for a time box, which measures what time allows. */
export function sweepShape(
  strategy: string,
  state: SearchState,
  { points, all, trials }: SweepSize,
): SweepShape | null {
  if (strategy === "quick") return null;
  if (strategy === "guided") return guidedShape(state, points);
  if (strategy === "halving") return halvingShape(state, points);
  if (!strategyNamed(strategy)) return plugInShape(all);
  const drawn = state.trialsMax > 0 ? state.trialsMax : Math.ceil(SHARE * points);
  const measured = exactly(strategy === "random" ? Math.min(all, Math.max(1, drawn)) : all);
  return {
    measured,
    screens: strategy === "grid" ? exactly(trials) : measured,
    confirmations: { min: 1, max: Math.min(measured.max, FINALISTS_MAX) },
  };
}

/** A plug-in decides for itself: at most every point once is counted. */
const plugInShape = (all: number): SweepShape => ({
  measured: { min: 1, max: all },
  screens: { min: 1, max: all },
  confirmations: { min: 0, max: Math.min(all, FINALISTS_MAX) },
});

/** Drift references within and behind a stretch of so many trials that takes so long; unknown time: none for its sake. */
export function referencesBehind(trials: number, ms: number | null): number {
  if (trials === 0) return 0;
  const byTime = ms === null ? 0 : Math.ceil(ms / EVERY_MS);
  return Math.min(trials, Math.max(Math.ceil(trials / EVERY_TRIALS), byTime));
}
