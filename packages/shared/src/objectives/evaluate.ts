// The value of an expression, and whether a condition holds, for given values of the names.
import type { Condition, Expression } from "./parse.ts";

/** What is known by name; what is missing is not known. */
export type NamedValues = Readonly<Record<string, number | undefined>>;

/** The value; NaN where a name is not known or the arithmetic has no answer (ln of a negative number, 0 / 0). */
export function evaluate(expression: Expression, values: NamedValues): number {
  switch (expression.kind) {
    case "number":
      return expression.value;
    case "name":
      return (Object.hasOwn(values, expression.name) ? values[expression.name] : undefined) ?? Number.NaN;
    case "minus":
      return -evaluate(expression.of, values);
    case "ln":
      return Math.log(evaluate(expression.of, values));
    case "operation":
      return operate(
        expression.operator,
        evaluate(expression.left, values),
        evaluate(expression.right, values),
      );
  }
}

function operate(operator: "+" | "-" | "*" | "/", left: number, right: number): number {
  if (operator === "+") return left + right;
  if (operator === "-") return left - right;
  return operator === "*" ? left * right : left / right;
}

/** Whether every comparison holds; null where none fails but one has a side that is not known. */
export function holds(condition: Condition, values: NamedValues): boolean | null {
  let known = true;
  for (const { operator, left: one, right: other } of condition) {
    const [left, right] = [evaluate(one, values), evaluate(other, values)];
    if (Number.isNaN(left) || Number.isNaN(right)) known = false;
    else if (!compare(operator, left, right)) return false;
  }
  return known ? true : null;
}

function compare(operator: "<" | "<=" | ">" | ">=", left: number, right: number): boolean {
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  return operator === ">" ? left > right : left >= right;
}

/** The names that an expression rests on. */
export function namesIn(expression: Expression): string[] {
  if (expression.kind === "name") return [expression.name];
  if (expression.kind === "number") return [];
  if (expression.kind === "operation") return [...namesIn(expression.left), ...namesIn(expression.right)];
  return namesIn(expression.of);
}
