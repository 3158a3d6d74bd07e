// The regularised incomplete beta function and its inverse: the one hard function under Student's t, the binomial and
// the exact bounds of success rates.
import { requireProbability } from "./input-checks.ts";
import { logGamma } from "./log-gamma.ts";

/** The two shape parameters, both above zero. */
export interface BetaShape {
  readonly a: number;
  readonly b: number;
}

/** A point of [0, 1] with its distance from 1, so that neither end loses digits. */
export interface UnitPoint {
  readonly x: number;
  /** 1 - x. */
  readonly y: number;
}

const ITERATIONS_MAX = 100_000;
const PRECISION = 1e-15;
/** Keeps Lentz's denominators away from zero. */
const TINY = 1e-300;

/**
 * The regularised incomplete beta function I_x(a, b): the probability that a beta(a, b) variable is at most x.
 * Source: continued fraction DLMF 8.17.22, evaluated by Lentz's method.
 * @param x between 0 and 1, both included.
 * @throws RangeError when x or a shape is outside its range.
 */
export function regularizedBeta(x: number, shape: BetaShape): number {
  if (!(x >= 0 && x <= 1))
    throw new RangeError(`regularizedBeta: x is ${x}, a number from 0 to 1 is needed.`);
  return betaAt({ x, y: 1 - x }, shape);
}

/** As regularizedBeta, for a caller that knows 1 - x more exactly than the subtraction would give it. */
export function betaAt({ x, y }: UnitPoint, { a, b }: BetaShape): number {
  requireShape({ a, b });
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
  const front = Math.exp(a * logOf(x, y) + b * logOf(y, x) - logBeta);
  // The fraction converges fast only on this side of the mean; on the other side I_x(a, b) = 1 - I_y(b, a).
  if (x < (a + 1) / (a + b + 2)) return (front / a) * fraction(x, { a, b });
  return 1 - (front / b) * fraction(y, { a: b, b: a });
}

/**
 * The inverse: the x at which regularizedBeta reaches p, by bisection down to neighbouring doubles.
 * @param p between 0 and 1, both excluded.
 * @returns x together with 1 - x, each exact in its own right.
 * @throws RangeError when p or a shape is outside its range.
 */
export function inverseRegularizedBeta(p: number, shape: BetaShape): UnitPoint {
  requireProbability(p, "inverseRegularizedBeta: p");
  if (betaAt({ x: 0.5, y: 0.5 }, shape) >= p) {
    const x = bisect((middle) => betaAt({ x: middle, y: 1 - middle }, shape) < p);
    return { x, y: 1 - x };
  }
  const y = bisect((middle) => betaAt({ x: 1 - middle, y: middle }, shape) > p);
  return { x: 1 - y, y };
}

/** The largest double of [0, 1/2] at which `below` still holds. */
function bisect(below: (middle: number) => boolean): number {
  let low = 0;
  let high = 0.5;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return low === 0 ? high : low;
    if (below(middle)) low = middle;
    else high = middle;
  }
}

function requireShape({ a, b }: BetaShape): void {
  if (a > 0 && b > 0 && Number.isFinite(a) && Number.isFinite(b)) return;
  throw new RangeError(`The beta distribution needs two finite shapes above zero, not ${a} and ${b}.`);
}

/** ln x, by way of 1 - x where x is near 1. */
const logOf = (x: number, complement: number): number => (x > 0.5 ? Math.log1p(-complement) : Math.log(x));

const awayFromZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);

function fraction(x: number, { a, b }: BetaShape): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= ITERATIONS_MAX; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) return result;
  }
  throw new RangeError(`The incomplete beta function did not converge for shapes ${a} and ${b} at ${x}.`);
}
