// An objective as data -> functions over figures: parsed once, evaluated often, never run as code.
import { evaluate, holds, type NamedValues, namesIn } from "./evaluate.ts";
import { FormulaError } from "./formula-error.ts";
import {
  DIMENSION_NAMES,
  FLOOR_NAME,
  FORMULA_NAMES,
  type ObjectiveData,
  TIE_BREAK_KEY,
} from "./objective-data.ts";
import { type Expression, parseCondition, parseExpression } from "./parse.ts";

/** An objective that can be applied. */
export interface CompiledObjective {
  /** Higher is better; NaN where something that it rests on is not known. */
  score(values: NamedValues): number;
  /** Whether it may choose such a configuration; null: not known. */
  allows(values: NamedValues): boolean | null;
}

/** Which formula of an objective is wrong. */
export class ObjectiveError extends Error {
  override readonly name = "ObjectiveError";
  readonly path: readonly string[];

  constructor(path: readonly string[], problem: string) {
    super(problem);
    this.path = path;
  }
}

const TIE_BREAKS_MAX = 3;
const WHOLE: ReadonlySet<string> = new Set([...DIMENSION_NAMES, FLOOR_NAME]);

/** Whether the value is always a whole number: only then a tie-break can't outweigh it. */
function isWhole(expression: Expression): boolean {
  if (expression.kind === "number") return Number.isInteger(expression.value);
  if (expression.kind === "name") return WHOLE.has(expression.name);
  if (expression.kind === "minus") return isWhole(expression.of);
  if (expression.kind !== "operation") return false;
  return expression.operator !== "/" && isWhole(expression.left) && isWhole(expression.right);
}

function inPlace<Value>(path: readonly string[], read: () => Value): Value {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof FormulaError) throw new ObjectiveError(path, thrown.message);
    throw thrown;
  }
}

function aimOf({ minimise, maximise }: ObjectiveData, path: readonly string[]) {
  if ((minimise === undefined) === (maximise === undefined)) {
    throw new ObjectiveError(path, "An objective has exactly one of minimise and maximise.");
  }
  const key = minimise === undefined ? "maximise" : "minimise";
  const formula = minimise ?? maximise ?? "";
  const expression = inPlace([...path, key], () => parseExpression(formula, FORMULA_NAMES));
  if (namesIn(expression).every((name) => name === FLOOR_NAME)) {
    throw new ObjectiveError(
      [...path, key],
      "It is the same for every configuration; name a metric or an option.",
    );
  }
  return { key, expression, sign: key === "minimise" ? -1 : 1 };
}

/** Below one unit, always: a whole number before it is never outweighed. */
const belowOne = (value: number): number => value / (1 + Math.abs(value));

/**
 * Parses all formulas of an objective.
 * @throws ObjectiveError that says which formula and what is wrong with it.
 */
export function compileObjective(data: ObjectiveData, path: readonly string[] = []): CompiledObjective {
  const { key, expression, sign } = aimOf(data, path);
  const { where } = data;
  const condition =
    where === undefined ? [] : inPlace([...path, "where"], () => parseCondition(where, FORMULA_NAMES));
  if (where !== undefined && path.at(-1) === TIE_BREAK_KEY) {
    throw new ObjectiveError(
      [...path, "where"],
      "A condition belongs to the objective itself, not to its then.",
    );
  }
  const allows = (values: NamedValues): boolean | null => holds(condition, values);
  const value = (values: NamedValues): number => sign * evaluate(expression, values);
  if (!data.tieBreak) return { score: value, allows };
  if (!isWhole(expression)) {
    throw new ObjectiveError(
      [...path, key],
      `Before a then, ${key} must be made of options and whole numbers with + - * only: measured values are hardly ever equal.`,
    );
  }
  if (path.filter((step) => step === TIE_BREAK_KEY).length >= TIE_BREAKS_MAX) {
    throw new ObjectiveError([...path, TIE_BREAK_KEY], `At most ${TIE_BREAKS_MAX} levels of then.`);
  }
  const next = compileObjective(data.tieBreak, [...path, TIE_BREAK_KEY]);
  return { score: (values) => value(values) + belowOne(next.score(values)), allows };
}
