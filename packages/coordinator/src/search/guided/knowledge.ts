// What a search knows at one step.
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import type { SearchState } from "../strategy.ts";
import { triesBeyond } from "./beyond.ts";
import type { Seen } from "./evidence.ts";
import { feasibility } from "./feasible.ts";
import { measuredPoints } from "./scores.ts";
import type { Space, SpacePoint } from "./space.ts";
import type { MeasuredPoint, Surrogate } from "./surrogate.ts";

/** All of it follows from the observations. */
export interface Knowledge {
  readonly seen: ReadonlyMap<string, Seen>;
  /** Whether a point is worth trying at all. */
  readonly feasible: (point: SpacePoint) => boolean;
  readonly surrogate: Surrogate;
  /** The points that are looked at in this step: all, or of very many as many as can be predicted in a moment. */
  readonly candidates: readonly SpacePoint[];
  /** A context beyond all that worked is being tried on another machine: what max_context is about is not known yet. */
  readonly triesBeyond: boolean;
}

/** Predicting a point takes some 30 microseconds. */
const CANDIDATES_MAX = 3_000;

function candidatesOf(state: SearchState, { points }: Space, seen: number): readonly SpacePoint[] {
  if (points.length <= CANDIDATES_MAX) return points;
  return seededRandom(`${state.seed}/candidates/${seen}`).shuffle(points).slice(0, CANDIDATES_MAX);
}

/** How measured points teach what others will do: `learn`, or what an experiment puts in its place. */
export type Learn = (space: Space, measured: readonly MeasuredPoint[]) => Surrogate;

/** Puts it together. */
export const knowledgeOf = (
  state: SearchState,
  space: Space,
  { seen, learning }: { readonly seen: ReadonlyMap<string, Seen>; readonly learning: Learn },
): Knowledge => ({
  seen,
  feasible: feasibility(state, space, seen),
  surrogate: learning(space, measuredPoints(space, seen)),
  candidates: candidatesOf(state, space, seen.size),
  triesBeyond: triesBeyond(state),
});
