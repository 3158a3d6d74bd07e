// The objectives as scores that add up: logarithms, higher is better. One unit of 0.01 is about one per cent.
import type { Configuration } from "@ozone/proto/configuration";
import { promptTokensFor } from "@ozone/shared/configuration";
import type { ObjectiveFigures } from "@ozone/shared/objective";
import { type GoalParts, goalPartsOf } from "@ozone/shared/objectives/goal-parts";
import { optionValues } from "@ozone/shared/objectives/option-values";
import type { Seen } from "./evidence.ts";
import type { Knowledge } from "./knowledge.ts";
import type { Space, SpacePoint } from "./space.ts";
import { predictScore } from "./surrogate.ts";

/** Figures -> a score; NaN where it has none. */
export type Score = (figures: ObjectiveFigures) => number;

/** One objective as the search sees it. */
export interface Goal {
  readonly purpose: string;
  /** How the figures of a configuration are scored, measured or predicted. */
  readonly scoreOf: (configuration: Configuration) => Score;
  /** Which points it may choose from, given what worked so far. */
  readonly eligible: (point: SpacePoint) => boolean;
}

/** What breaks a condition on measured values is worth this much less than it would be: only then is it left out. */
const BROKEN_CONDITION = 1;

/** The largest context that worked; 0 before anything did. */
export const largestContext = (seen: ReadonlyMap<string, Seen>): number =>
  Math.max(0, ...[...seen.values()].flatMap(({ figures }) => (figures ? [figures.numCtx] : [])));

/** What an objective may name besides the three figures: options, and what follows from the figures. */
const othersOf = (configuration: Configuration, fill: number, ttftMs?: number) => ({
  ...optionValues(configuration),
  // A configuration that failed is left out elsewhere.
  success_rate: 1,
  prefill_tps:
    ttftMs === undefined ? undefined : (1000 * promptTokensFor(configuration, fill)) / Math.max(ttftMs, 1e-6),
});

interface Found {
  readonly contexts: readonly number[];
  readonly worked: readonly Configuration[];
}

function goalOf(parts: GoalParts, space: Space, { contexts, worked }: Found): Goal {
  const { purpose, allows, firstOf, log, namesOthers } = parts;
  const known = (configuration: Configuration, ttftMs?: number) => ({
    numCtx: configuration.numCtx,
    ...(namesOthers ? { others: othersOf(configuration, space.fill, ttftMs) } : {}),
  });
  const mayChoose = (configuration: Configuration) => allows(known(configuration), contexts) !== false;
  // What stands before a `then` is made of options: only the best of what worked is worth looking at.
  const first = firstOf && ((configuration: Configuration) => firstOf(known(configuration)));
  const top = first ? Math.max(...worked.filter(mayChoose).map(first)) : 0;
  return {
    purpose,
    scoreOf: (configuration) => (figures) => {
      const all = namesOthers ? { ...figures, ...known(configuration, figures.ttftMs) } : figures;
      return log(all) - (allows(all, contexts) === false ? BROKEN_CONDITION : 0);
    },
    eligible: ({ configuration }) => mayChoose(configuration) && (!first || first(configuration) === top),
  };
}

/** The goals of a search. */
export function goalsOf(space: Space, seen: ReadonlyMap<string, Seen>): Goal[] {
  const contexts = [...new Set(space.points.map(({ configuration }) => configuration.numCtx))];
  const worked = [...seen.values()].flatMap(({ figures, configuration }) => (figures ? [configuration] : []));
  return space.objectives.map((objective) => goalOf(goalPartsOf(objective), space, { contexts, worked }));
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
    const score = goal.scoreOf(point.configuration)(one.figures);
    if (!Number.isNaN(score)) scored.push({ point, seen: one, score });
  }
  return scored.sort((a, b) => b.score - a.score || (a.point.key < b.point.key ? -1 : 1));
}

/** Belief may move the median of so many samples by this over their root, and no further: beliefs can be wrong. */
const BELIEF_MAX = 0.04;

/** Measured points as all samples together say, best first: a lucky sample must not hide what is better. */
export function believedRanking(space: Space, { seen, surrogate }: Knowledge, goal: Goal): Scored[] {
  return ranking(space, seen, goal)
    .map((one): Scored => {
      const { configuration } = one.point;
      const predicted = surrogate.predict(one.point);
      const believed = predictScore(predicted, configuration.numCtx, goal.scoreOf(configuration)).mean;
      const most = BELIEF_MAX / Math.sqrt(Math.max(1, one.seen.samples));
      return { ...one, score: Math.min(one.score + most, Math.max(one.score - most, believed)) };
    })
    .sort((a, b) => b.score - a.score || (a.point.key < b.point.key ? -1 : 1));
}

/** Every point that gave figures. */
export const measuredPoints = (space: Space, seen: ReadonlyMap<string, Seen>) =>
  [...seen].flatMap(([key, { figures, samples }]) => {
    const point = space.byKey.get(key);
    return point && figures ? [{ point, figures, samples }] : [];
  });
