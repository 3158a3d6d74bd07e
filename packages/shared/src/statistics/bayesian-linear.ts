// Linear regression with a Gaussian prior on the coefficients: few observations, many coefficients, and an honest
// statement of how unsure each prediction is.
import { at } from "./input-checks.ts";

/** One observation: features of a point and the value seen there. */
export interface LinearObservation {
  readonly features: readonly number[];
  readonly value: number;
}

/** Prior of the coefficients: independent, each with its mean and standard deviation. */
export interface LinearPrior {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** Standard deviation of an observation around the line. */
  readonly noise: number;
}

/** Mean and standard deviation of the line (without observation noise) at a point. */
export interface LinearPrediction {
  readonly mean: number;
  readonly deviation: number;
}

/** A fitted line. */
export interface LinearFit {
  predict(features: readonly number[]): LinearPrediction;
}

/**
 * Posterior of the coefficients: precision A = D^-2 + X'X / noise^2, mean = A^-1 (D^-2 m + X'y / noise^2).
 * Source: Bishop, Pattern Recognition and Machine Learning, 2006, 3.3. Cost: p^3 + n p^2 for p coefficients, p^2 per
 * prediction.
 * @throws RangeError when lengths differ or a deviation or the noise is not above zero.
 */
export function fitLinear(observations: readonly LinearObservation[], prior: LinearPrior): LinearFit {
  const size = prior.means.length;
  if (prior.deviations.length !== size || !prior.deviations.every((one) => one > 0) || !(prior.noise > 0)) {
    throw new RangeError("fitLinear: every coefficient needs a deviation above zero, and the noise too.");
  }
  const weight = 1 / prior.noise ** 2;
  const precision = prior.deviations.map((deviation, row) =>
    Array.from({ length: size }, (_, column) => (row === column ? 1 / deviation ** 2 : 0)),
  );
  const right = prior.means.map((mean, row) => mean / at(prior.deviations, row) ** 2);
  for (const { features, value } of observations) {
    if (features.length !== size) {
      throw new RangeError(`fitLinear: ${features.length} features given, ${size} needed.`);
    }
    addObservation(precision, right, { features, value, weight });
  }
  const root = cholesky(precision);
  const mean = solveUpper(root, solveLower(root, right));
  return {
    predict: (features) => ({
      mean: dot(features, mean),
      deviation: Math.sqrt(solveLower(root, features).reduce((sum, one) => sum + one * one, 0)),
    }),
  };
}

function addObservation(
  precision: number[][],
  right: number[],
  { features, value, weight }: LinearObservation & { weight: number },
): void {
  for (const [row, feature] of features.entries()) {
    if (feature === 0) continue;
    right[row] = at(right, row) + weight * feature * value;
    const line = precision[row] ?? [];
    for (const [column, other] of features.entries()) {
      line[column] = at(line, column) + weight * feature * other;
    }
  }
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, one, index) => sum + one * at(b, index), 0);

/** Lower triangle L with L L' = matrix, which is symmetric and positive definite by construction. */
function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const root: number[][] = [];
  for (const [row, line] of matrix.entries()) {
    const current: number[] = [];
    for (let column = 0; column <= row; column += 1) {
      const other = column === row ? current : (root[column] ?? []);
      let sum = at(line, column);
      for (let inner = 0; inner < column; inner += 1) sum -= at(current, inner) * at(other, inner);
      current.push(column === row ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / at(other, column));
    }
    root.push(current);
  }
  return root;
}

/** Solves L x = b. */
function solveLower(root: readonly (readonly number[])[], right: readonly number[]): number[] {
  const solution: number[] = [];
  for (const [row, line] of root.entries()) {
    let sum = at(right, row);
    for (let column = 0; column < row; column += 1) sum -= at(line, column) * at(solution, column);
    solution.push(sum / at(line, row));
  }
  return solution;
}

/** Solves L' x = b. */
function solveUpper(root: readonly (readonly number[])[], right: readonly number[]): number[] {
  const solution = new Array<number>(right.length).fill(0);
  for (let row = right.length - 1; row >= 0; row -= 1) {
    let sum = at(right, row);
    for (let below = row + 1; below < right.length; below += 1) {
      sum -= at(root[below] ?? [], row) * at(solution, below);
    }
    solution[row] = sum / at(root[row] ?? [], row);
  }
  return solution;
}
