// What is wrong with a formula, in one sentence with its place.

/** A formula that can't be used. The position counts characters from 1. */
export class FormulaError extends Error {
  override readonly name = "FormulaError";
  readonly position: number;

  constructor(problem: string, position: number) {
    super(`At character ${position}: ${problem}`);
    this.position = position;
  }
}
