// The Cholesky root of a symmetric, positive definite matrix, and what is solved with it.

/** A lower triangle L, row by row. */
export type LowerTriangle = readonly Float64Array[];

/**
 * L with L L' = matrix; only the lower half of the matrix is read.
 * Source: Golub and Van Loan, Matrix Computations, 2013, 4.2. Cost: n^3 / 6 multiplications.
 * @throws RangeError when the matrix is not positive definite.
 */
export function cholesky(matrix: readonly ArrayLike<number>[]): LowerTriangle {
  const root: Float64Array[] = [];
  for (const [row, line] of matrix.entries()) {
    const current = new Float64Array(matrix.length);
    for (let column = 0; column <= row; column += 1) {
      const other = root[column] ?? current;
      let sum = line[column] ?? Number.NaN;
      for (let inner = 0; inner < column; inner += 1) sum -= (current[inner] ?? 0) * (other[inner] ?? 0);
      if (column < row) current[column] = sum / (other[column] ?? 0);
      else if (sum > 0) current[row] = Math.sqrt(sum);
      else throw new RangeError("cholesky: the matrix is not positive definite.");
    }
    root.push(current);
  }
  return root;
}

/** Solves L x = b. */
export function solveLower(root: LowerTriangle, right: ArrayLike<number>): Float64Array {
  const solution = new Float64Array(root.length);
  for (const [row, line] of root.entries()) {
    let sum = right[row] ?? Number.NaN;
    for (let column = 0; column < row; column += 1) sum -= (line[column] ?? 0) * (solution[column] ?? 0);
    solution[row] = sum / (line[row] ?? 0);
  }
  return solution;
}

/** Solves L' x = b. */
export function solveUpper(root: LowerTriangle, right: ArrayLike<number>): Float64Array {
  const solution = new Float64Array(root.length);
  for (let row = root.length - 1; row >= 0; row -= 1) {
    let sum = right[row] ?? Number.NaN;
    for (let below = row + 1; below < root.length; below += 1) {
      sum -= (root[below]?.[row] ?? 0) * (solution[below] ?? 0);
    }
    solution[row] = sum / (root[row]?.[row] ?? 0);
  }
  return solution;
}

/** ln of the determinant of L L'. */
export const logDeterminant = (root: LowerTriangle): number =>
  root.reduce((sum, line, row) => sum + 2 * Math.log(line[row] ?? 0), 0);
