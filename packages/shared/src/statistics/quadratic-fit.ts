// How long it takes to fill a context: prefill time grows a little faster than the prompt, because each token looks
// at all before it. Used to plan and to set time limits; never published as a measurement.
import { requirePositive } from "./input-checks.ts";

/** One observed prefill. */
export interface PrefillPoint {
  readonly tokens: number;
  readonly seconds: number;
}

/** seconds = linear x tokens + quadratic x tokens^2, both at least zero. */
export interface PrefillFit {
  /** Seconds per token. */
  readonly linear: number;
  /** Seconds per token squared. */
  readonly quadratic: number;
  /** Different prompt lengths that the fit rests on. */
  readonly lengths: number;
  /** What was assumed for lack of points; null when nothing was. */
  readonly assumption: string | null;
}

/** Lengths closer than this can't tell the two terms apart: the noise would decide. */
const ONE_LENGTH_WITHIN = 1.1;

const longestOf = (points: readonly PrefillPoint[]): number =>
  Math.max(...points.map(({ tokens }) => tokens));

/**
 * Fits seconds = a n + b n^2 with a, b >= 0 by least squares of the relative errors: the noise of a duration grows
 * with it, and short prompts must not be drowned by long ones. Prompts of nearly one length give a straight line.
 * Source: normal equations in two unknowns; where one would be negative it is zero, which is the optimum of a convex
 * problem on its edge (Lawson and Hanson, Solving Least Squares Problems, 23).
 * @throws RangeError when there is no point, or a number is not above zero.
 */
export function fitPrefill(points: readonly PrefillPoint[]): PrefillFit {
  requirePositive(
    points.flatMap(({ tokens, seconds }) => [tokens, seconds]),
    "fitPrefill",
    2,
  );
  const lengths = new Set(points.map(({ tokens }) => tokens)).size;
  if (longestOf(points) < ONE_LENGTH_WITHIN * Math.min(...points.map(({ tokens }) => tokens))) {
    const assumption =
      "only one prompt length was measured: time is taken to grow in proportion to the prompt, so much longer prompts will take longer than predicted";
    return { linear: onlyTerm(points, 1), quadratic: 0, lengths, assumption };
  }
  return { ...solve(points), lengths, assumption: null };
}

/** Both terms by least squares of 1 - (a n + b n^2) / s, kept at least zero. */
function solve(points: readonly PrefillPoint[]): { linear: number; quadratic: number } {
  // Columns u = n / s and v = n^2 / s against ones; n in units of the longest, so that no power overflows.
  const longest = longestOf(points);
  const sums = { uu: 0, uv: 0, vv: 0, u: 0, v: 0 };
  for (const { tokens, seconds } of points) {
    const u = tokens / longest / seconds;
    const v = (u * tokens) / longest;
    sums.uu += u * u;
    sums.uv += u * v;
    sums.vv += v * v;
    sums.u += u;
    sums.v += v;
  }
  const determinant = sums.uu * sums.vv - sums.uv * sums.uv;
  const linear = (sums.u * sums.vv - sums.v * sums.uv) / determinant / longest;
  const quadratic = (sums.v * sums.uu - sums.u * sums.uv) / determinant / (longest * longest);
  if (linear < 0) return { linear: 0, quadratic: onlyTerm(points, 2) };
  if (quadratic < 0) return { linear: onlyTerm(points, 1), quadratic: 0 };
  return { linear, quadratic };
}

/** Least squares of the relative errors with the one term c n^power. */
function onlyTerm(points: readonly PrefillPoint[], power: 1 | 2): number {
  const shares = points.map(({ tokens, seconds }) => tokens ** power / seconds);
  const squares = shares.reduce((sum, share) => sum + share * share, 0);
  return shares.reduce((sum, share) => sum + share, 0) / squares;
}

/**
 * Predicted seconds to fill `tokens`.
 * @throws RangeError when tokens is not above zero.
 */
export function predictPrefillSeconds({ linear, quadratic }: PrefillFit, tokens: number): number {
  requirePositive([tokens], "predictPrefillSeconds: tokens");
  return tokens * (linear + quadratic * tokens);
}

/**
 * The most whole tokens that are predicted to fill within `seconds`.
 * @throws RangeError when seconds is not above zero.
 */
export function tokensFilledWithin({ linear, quadratic }: PrefillFit, seconds: number): number {
  requirePositive([seconds], "tokensFilledWithin: seconds");
  // The root of b n^2 + a n - s, written so that it also holds for b = 0.
  return Math.floor((2 * seconds) / (linear + Math.sqrt(linear * linear + 4 * quadratic * seconds)));
}
