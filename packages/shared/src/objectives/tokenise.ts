// A formula as tokens. Nothing here is ever run as code.
import { FormulaError } from "./formula-error.ts";

/** One word of a formula; the position counts characters from 1. */
export interface Token {
  readonly kind: "number" | "name" | "operator" | "end";
  readonly text: string;
  readonly position: number;
}

/** Longer formulas are refused unread. */
export const FORMULA_LENGTH_MAX = 1_000;

const SPACE = /[ \t\r\n]+/y;
const TOKEN =
  /(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<operator><=|>=|<|>|[-+*/()])/y;

/**
 * The tokens, the last of kind "end".
 * @throws FormulaError for a character that belongs to none, or a formula that is too long.
 */
export function tokenise(formula: string): Token[] {
  if (formula.length > FORMULA_LENGTH_MAX) {
    throw new FormulaError(`a formula has at most ${FORMULA_LENGTH_MAX} characters.`, FORMULA_LENGTH_MAX + 1);
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < formula.length) {
    SPACE.lastIndex = at;
    at += SPACE.exec(formula)?.[0].length ?? 0;
    if (at >= formula.length) break;
    const token = tokenAt(formula, at);
    tokens.push(token);
    at += token.text.length;
  }
  return [...tokens, { kind: "end", text: "", position: formula.length + 1 }];
}

function tokenAt(formula: string, at: number): Token {
  TOKEN.lastIndex = at;
  const groups = TOKEN.exec(formula)?.groups;
  for (const kind of ["number", "name", "operator"] as const) {
    const text = groups?.[kind];
    if (text !== undefined) return { kind, text, position: at + 1 };
  }
  const character = String.fromCodePoint(formula.codePointAt(at) ?? 0);
  throw new FormulaError(
    `${JSON.stringify(character)} has no meaning; use numbers, names, + - * / ( ), ln, and in conditions < <= > >= and "and".`,
    at + 1,
  );
}
