// Tokens -> a tree: expressions with the usual precedence, and conditions of comparisons.
import { FormulaError } from "./formula-error.ts";
import { type Token, tokenise } from "./tokenise.ts";

/** Arithmetic. */
export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "ln" | "minus"; readonly of: Expression }
  | {
      readonly kind: "operation";
      readonly operator: "+" | "-" | "*" | "/";
      readonly left: Expression;
      readonly right: Expression;
    };

/** All of these must hold. */
export type Condition = readonly Comparison[];

/** One comparison. */
export interface Comparison {
  readonly operator: "<" | "<=" | ">" | ">=";
  readonly left: Expression;
  readonly right: Expression;
}

/** Brackets, ln and signs inside each other. */
export const FORMULA_DEPTH_MAX = 32;

class Reader {
  readonly #tokens: readonly Token[];
  readonly #names: ReadonlySet<string>;
  #at = 0;
  #depth = 0;

  constructor(formula: string, names: ReadonlySet<string>) {
    this.#tokens = tokenise(formula);
    this.#names = names;
  }

  get token(): Token {
    return (
      this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] ?? { kind: "end", text: "", position: 1 }
    );
  }

  /** Takes the token when it is one of these. */
  take<Text extends string>(...texts: readonly Text[]): Text | null {
    const found = texts.find((text) => this.token.kind !== "number" && this.token.text === text);
    if (found === undefined || this.token.kind === "end") return null;
    this.#at += 1;
    return found;
  }

  fail(wanted: string): never {
    const { kind, text, position } = this.token;
    throw new FormulaError(`${wanted}, not ${kind === "end" ? "the end" : JSON.stringify(text)}.`, position);
  }

  sum(): Expression {
    let left = this.#product();
    for (let operator = this.take("+", "-"); operator; operator = this.take("+", "-")) {
      left = { kind: "operation", operator, left, right: this.#product() };
    }
    return left;
  }

  comparison(): Comparison {
    const left = this.sum();
    const operator = this.take("<=", ">=", "<", ">") ?? this.fail("a comparison (< <= > >=) is missing here");
    return { operator, left, right: this.sum() };
  }

  #product(): Expression {
    let left = this.#factor();
    for (let operator = this.take("*", "/"); operator; operator = this.take("*", "/")) {
      left = { kind: "operation", operator, left, right: this.#factor() };
    }
    return left;
  }

  #factor(): Expression {
    if (this.take("-")) return this.#inside(() => ({ kind: "minus", of: this.#factor() }));
    if (this.take("(")) return this.#inside(() => this.#closed());
    if (this.take("ln")) {
      if (!this.take("(")) this.fail('"(" has to follow ln');
      return this.#inside(() => ({ kind: "ln", of: this.#closed() }));
    }
    const { kind, text } = this.token;
    if (kind === "number") return this.#number(text);
    if (kind === "name" && this.#names.has(text)) {
      this.#at += 1;
      return { kind: "name", name: text };
    }
    if (kind === "name") this.fail(`a known name is expected (${[...this.#names].join(", ")})`);
    return this.fail("a number, a name, ln or a bracket is expected");
  }

  #number(text: string): Expression {
    const value = Number(text);
    if (!Number.isFinite(value)) this.fail("a number that a computer can hold is expected");
    this.#at += 1;
    return { kind: "number", value };
  }

  #closed(): Expression {
    const inner = this.sum();
    if (!this.take(")")) this.fail('")" is missing here');
    return inner;
  }

  #inside(read: () => Expression): Expression {
    this.#depth += 1;
    if (this.#depth > FORMULA_DEPTH_MAX) {
      throw new FormulaError(`more than ${FORMULA_DEPTH_MAX} levels inside each other.`, this.token.position);
    }
    const inner = read();
    this.#depth -= 1;
    return inner;
  }
}

/**
 * Reads an expression: + - * / with the usual precedence, from left to right; a sign; ln( ); brackets; numbers; names.
 * @throws FormulaError in one sentence with its place.
 */
export function parseExpression(formula: string, names: ReadonlySet<string>): Expression {
  const reader = new Reader(formula, names);
  const expression = reader.sum();
  if (reader.token.kind !== "end") reader.fail("an operator or the end is expected");
  return expression;
}

/**
 * Reads a condition: comparisons of expressions, joined by "and".
 * @throws FormulaError in one sentence with its place.
 */
export function parseCondition(formula: string, names: ReadonlySet<string>): Condition {
  const reader = new Reader(formula, names);
  const comparisons = [reader.comparison()];
  while (reader.take("and")) comparisons.push(reader.comparison());
  if (reader.token.kind !== "end") reader.fail('"and" or the end is expected');
  return comparisons;
}
