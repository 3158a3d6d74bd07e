// A straight line through points of which some may be far off.
import { requireFinite } from "./input-checks.ts";
import { median } from "./median.ts";

/** One observation. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** y = intercept + slope x. */
export interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * The median of the slopes of all pairs, and the median intercept that goes with it; up to 29 % of the points may be
 * arbitrarily wrong. Source: Theil 1950, Sen 1968.
 * @throws RangeError when a number is not finite, or fewer than two different x are given.
 */
export function theilSen(points: readonly Point[]): Line {
  requireFinite(
    points.flatMap(({ x, y }) => [x, y]),
    "theilSen",
    4,
  );
  const slopes = points.flatMap((first, position) =>
    points
      .slice(position + 1)
      .filter((second) => second.x !== first.x)
      .map((second) => (second.y - first.y) / (second.x - first.x)),
  );
  if (slopes.length === 0)
    throw new RangeError("theilSen: all points have the same x, so there is no slope.");
  const slope = median(slopes);
  return { slope, intercept: median(points.map(({ x, y }) => y - slope * x)) };
}
