// Formulas: tokens, precedence, conditions, and one sentence with its place for everything else.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate, holds } from "./evaluate.ts";
import { FormulaError } from "./formula-error.ts";
import { FORMULA_DEPTH_MAX, parseCondition, parseExpression } from "./parse.ts";
import { FORMULA_LENGTH_MAX, tokenise } from "./tokenise.ts";

const NAMES = new Set(["a", "b", "lnx"]);
const value = (formula: string, values: Record<string, number> = {}) =>
  evaluate(parseExpression(formula, NAMES), values);

const problem = (read: () => unknown): string => {
  try {
    read();
  } catch (thrown) {
    if (thrown instanceof FormulaError) return thrown.message;
    throw thrown;
  }
  return "";
};

/** A random formula with JavaScript's own answer to it. */
const arithmetic = fc.letrec<{ formula: { text: string; is: number } }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 5 },
    fc.integer({ min: 0, max: 99 }).map((is) => ({ text: String(is), is })),
    fc
      .tuple(tie("formula"), fc.constantFrom("+", "-", "*"), tie("formula"))
      .map(([left, operator, right]) => ({
        text: `(${left.text}) ${operator} (${right.text})`,
        is:
          operator === "+" ? left.is + right.is : operator === "-" ? left.is - right.is : left.is * right.is,
      })),
    tie("formula").map(({ text, is }) => ({ text: `-(${text})`, is: -is })),
  ),
}));

describe("a formula", () => {
  it("has the values that a hand computes: precedence, order from the left, signs, ln", () => {
    const hand: [string, number][] = [
      ["1 + 2 * 3", 7],
      ["(1 + 2) * 3", 9],
      ["10 - 4 - 3", 3],
      ["24 / 4 / 2", 3],
      ["24 / (4 / 2)", 12],
      ["2 * 3 - 4 / 2", 4],
      ["-2 * 3", -6],
      ["2 - -3", 5],
      ["--2", 2],
      ["-(1 + 2)", -3],
      ["1.5e2 + 0.5", 150.5],
      ["ln(1)", 0],
      ["2 * ln(a) / ln(b)", 6],
      ["lnx + a", 15],
    ];
    for (const [formula, expected] of hand)
      expect(value(formula, { a: 8, b: 2, lnx: 7 }), formula).toBeCloseTo(expected, 12);
  });

  it("agrees with JavaScript's own arithmetic on whatever is written", () => {
    fc.assert(
      fc.property(arithmetic.formula, ({ text, is }) => {
        expect(value(text)).toBe(is);
      }),
    );
  });

  it("is not a number where a name is not known, and never looks at what objects inherit", () => {
    expect(value("a + 1")).toBeNaN();
    expect(evaluate(parseExpression("toString", new Set(["toString"])), {})).toBeNaN();
    expect(value("ln(0 - 1)")).toBeNaN();
    expect(value("0 / 0")).toBeNaN();
  });

  it("says in one sentence what is wrong and where", () => {
    const wrong: [string, string][] = [
      ["", "At character 1: a number, a name, ln or a bracket is expected, not the end."],
      ["1 +", "At character 4: a number, a name, ln or a bracket is expected, not the end."],
      ["1 2", 'At character 3: an operator or the end is expected, not "2".'],
      ["(1 + 2", 'At character 7: ")" is missing here, not the end.'],
      ["ln 2", 'At character 4: "(" has to follow ln, not "2".'],
      ["a + c", 'At character 5: a known name is expected (a, b, lnx), not "c".'],
      [
        "a; b",
        'At character 2: ";" has no meaning; use numbers, names, + - * / ( ), ln, and in conditions < <= > >= and "and".',
      ],
      ["1e999", 'At character 1: a number that a computer can hold is expected, not "1e999".'],
    ];
    for (const [formula, sentence] of wrong)
      expect(problem(() => parseExpression(formula, NAMES))).toBe(sentence);
  });

  it("gives a place inside the text for any garbage, or a tree, and never anything else", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(..."a1+-*/()<=. ln") })),
        (text) => {
          for (const parse of [parseExpression, parseCondition]) {
            try {
              parse(text, NAMES);
            } catch (thrown) {
              expect(thrown).toBeInstanceOf(FormulaError);
              if (!(thrown instanceof FormulaError)) return;
              expect(thrown.position).toBeGreaterThanOrEqual(1);
              expect(thrown.position).toBeLessThanOrEqual(text.length + 1);
              expect(thrown.message).toMatch(/^At character \d+: .*\.$/s);
            }
          }
        },
      ),
    );
  });

  it("goes so deep and no deeper, and is so long and no longer", () => {
    const nested = (levels: number) => `${"(".repeat(levels)}1${")".repeat(levels)}`;
    expect(value(nested(FORMULA_DEPTH_MAX))).toBe(1);
    expect(problem(() => value(nested(FORMULA_DEPTH_MAX + 1)))).toContain("more than 32 levels");
    expect(problem(() => value(`${"-".repeat(200)}1`))).toContain("more than 32 levels");
    expect(value(`1${" ".repeat(FORMULA_LENGTH_MAX - 1)}`)).toBe(1);
    expect(problem(() => tokenise(" ".repeat(FORMULA_LENGTH_MAX + 1)))).toContain("at most 1000 characters");
  });
});

describe("a condition", () => {
  const judge = (formula: string, values: Record<string, number>) =>
    holds(parseCondition(formula, NAMES), values);

  it("compares, and joins comparisons by and", () => {
    expect(judge("a >= 2", { a: 2 })).toBe(true);
    expect(judge("a > 2", { a: 2 })).toBe(false);
    expect(judge("a <= 2 and b < a + 1", { a: 2, b: 2 })).toBe(true);
    expect(judge("a <= 2 and b < a", { a: 2, b: 2 })).toBe(false);
  });

  it("is not known where a value is not, unless another part already fails", () => {
    expect(judge("a >= 2 and b > 1", { a: 2 })).toBeNull();
    expect(judge("a >= 2 and b > 1", { b: 1 })).toBe(false);
  });

  it("is refused without a comparison, or with more than one in a row", () => {
    expect(problem(() => parseCondition("a", NAMES))).toContain("a comparison (< <= > >=) is missing here");
    expect(problem(() => parseCondition("1 < a < 2", NAMES))).toContain('"and" or the end is expected');
  });
});
