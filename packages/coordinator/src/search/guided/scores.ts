// The objectives as scores that add up: logarithms, higher is better. One unit of 0.01 is about one per cent.
import { answerWaitMs, eligibleContexts, OBJECTIVES, type ObjectiveFigures } from "@ozone/shared/objective";
import type { Seen } from "./evidence.ts";
import type { Space, SpacePoint } from "./space.ts";

/** One objective as the search sees it. */
export interface Goal {
  readonly purpose: string;
  readonly score: (figures: ObjectiveFigures) => number;
  /** Which points it may choose from, given what worked so far. */
  readonly eligible: (point: SpacePoint) => boolean;
}

const logDecode = ({ decodeTokensPerSecond }: ObjectiveFigures): number => Math.log(decodeTokensPerSecond);

const SCORES: Readonly<Record<string, Goal["score"]>> = {
  fast_response: (figures) => -Math.log(answerWaitMs(figures)),
  balanced: (figures) => OBJECTIVES.find(({ purpose }) => purpose === "balanced")?.score(figures) ?? 0,
  // Contexts are compared by the frontier; among equal ones the decode rate decides.
  max_context: logDecode,
};

/** The largest context that worked; 0 before anything did. */
export const largestContext = (seen: ReadonlyMap<string, Seen>): number =>
  Math.max(0, ...[...seen.values()].flatMap(({ figures }) => (figures ? [figures.numCtx] : [])));

/** The goals of a search. */
export function goalsOf(space: Space, seen: ReadonlyMap<string, Seen>): Goal[] {
  const contexts = [...new Set(space.points.map(({ configuration }) => configuration.numCtx))];
  const top = largestContext(seen);
  return Object.entries(SCORES).map(([purpose, score]) => {
    const inPurpose = eligibleContexts(purpose, contexts);
    const eligible = ({ configuration: { numCtx } }: SpacePoint): boolean =>
      purpose === "max_context" ? numCtx === top : inPurpose(numCtx);
    return { purpose, score, eligible };
  });
}

/** The goals that can be worked for; not max_context while nobody knows what the largest context is. */
export const goalsInSight = (space: Space, seen: ReadonlyMap<string, Seen>, contextOpen: boolean): Goal[] =>
  goalsOf(space, seen).filter(({ purpose }) => !contextOpen || purpose !== "max_context");

/** A measured point with its score for a goal. */
export interface Scored {
  readonly point: SpacePoint;
  readonly seen: Seen;
  readonly score: number;
}

/** Measured points that a goal may choose from, best first; equal scores by key. */
export function ranking(space: Space, seen: ReadonlyMap<string, Seen>, goal: Goal): Scored[] {
  const scored: Scored[] = [];
  for (const [key, one] of seen) {
    const point = space.byKey.get(key);
    if (!point || !one.figures || !goal.eligible(point)) continue;
    scored.push({ point, seen: one, score: goal.score(one.figures) });
  }
  return scored.sort((a, b) => b.score - a.score || (a.point.key < b.point.key ? -1 : 1));
}

/** Every point that gave figures. */
export const measuredPoints = (space: Space, seen: ReadonlyMap<string, Seen>) =>
  [...seen].flatMap(([key, { figures, samples }]) => {
    const point = space.byKey.get(key);
    return point && figures ? [{ point, figures, samples }] : [];
  });
