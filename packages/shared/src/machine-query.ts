// Which machines a person means, by what is known of them: `gpu>=1 and ram>=30GB and not tag:desk`. Pure.
// Three-valued: what is unknown of a machine neither holds nor fails, so that `not` never turns it into a match.
import { OzoneError } from "./errors.ts";
import { isTag, TAG_WORDS } from "./tags.ts";

/** What a query may ask of one machine. Null: unknown. */
export interface QueriedMachine {
  readonly name: string;
  readonly class: string | null;
  readonly os: string | null;
  readonly arch: string | null;
  readonly gpu: number | null;
  readonly ram: number | null;
  readonly cores: number | null;
  readonly tags: readonly string[];
}

type Truth = boolean | null;
/** A query that was read: true, false, or null for unknown. */
export type MachineQuery = (machine: QueriedMachine) => Truth;

const TEXT_FIELDS = ["name", "class", "os", "arch"] as const;
const NUMBER_FIELDS = ["gpu", "ram", "cores"] as const;
const QUERY_CHARACTERS_MAX = 500;
const PARENTHESES_MAX = 20;
const TOKEN = /\(|\)|[^\s()]+/g;
const TERM = /^([a-z]+)(>=|<=|!=|=|>|<|:)(.+)$/;
const QUANTITY = /^(\d+(?:\.\d+)?)(GB|GiB|MB|MiB)?$/;
const UNIT_BYTES: Readonly<Record<string, number>> = { GB: 1e9, GiB: 2 ** 30, MB: 1e6, MiB: 2 ** 20 };

/**
 * Reads a query.
 * @throws OzoneError invalid_input, one sentence about the first word at fault
 */
export function parseMachineQuery(text: string): MachineQuery {
  const read = readQuery(text);
  if (typeof read === "function") return read;
  throw new OzoneError("invalid_input", `The query of machines ${read}.`);
}

/** What is wrong with a query, behind its subject; null: it can be read. */
export function queryProblem(text: string): string | null {
  const read = readQuery(text);
  return typeof read === "string" ? read : null;
}

/** The query, or what is wrong with it. */
function readQuery(text: string): MachineQuery | string {
  try {
    return queryOf(text);
  } catch (thrown) {
    if (thrown instanceof QueryTrouble) return thrown.message;
    throw thrown;
  }
}

class QueryTrouble extends Error {}

function queryOf(text: string): MachineQuery {
  if (text.length > QUERY_CHARACTERS_MAX)
    throw refused(`is longer than ${QUERY_CHARACTERS_MAX} characters; say it in fewer`);
  const words = text.match(TOKEN) ?? [];
  const reader = new Reader(words);
  const query = reader.either(0);
  reader.requireEnd();
  return query;
}

/** Whether a machine surely matches. */
export const matchesQuery = (query: MachineQuery, machine: QueriedMachine): boolean =>
  query(machine) === true;

/** Recursive descent: `or` binds weaker than `and`, `and` weaker than `not`. */
class Reader {
  #at = 0;
  readonly #words: readonly string[];

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  either(depth: number): MachineQuery {
    let left = this.#both(depth);
    while (this.#take("or")) left = or(left, this.#both(depth));
    return left;
  }

  requireEnd(): void {
    const word = this.#words[this.#at];
    if (word !== undefined) throw refused(`has ${shown(word)} where "and" or "or" was expected`);
  }

  #both(depth: number): MachineQuery {
    let left = this.#negated(depth);
    while (this.#take("and")) left = and(left, this.#negated(depth));
    return left;
  }

  #negated(depth: number): MachineQuery {
    let negated = false;
    while (this.#take("not")) negated = !negated;
    const inner = this.#single(depth);
    return negated ? (machine) => not(inner(machine)) : inner;
  }

  #single(depth: number): MachineQuery {
    if (this.#take("(")) {
      if (depth >= PARENTHESES_MAX)
        throw refused(`has more than ${PARENTHESES_MAX} parentheses in each other; say it flatter`);
      const inner = this.either(depth + 1);
      if (!this.#take(")")) throw refused(`has a "(" without its ")"; close it`);
      return inner;
    }
    const word = this.#words[this.#at++];
    if (word === undefined) throw refused("ends where a condition such as gpu>=1 was expected");
    return condition(word);
  }

  #take(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at += 1;
    return true;
  }
}

function condition(word: string): MachineQuery {
  const [, field = "", operator = "", value = ""] = TERM.exec(word) ?? [];
  if (field === "tag" && operator === ":") {
    if (!isTag(value)) throw refused(`names the tag ${shown(value)}, but a tag ${TAG_WORDS}`);
    return ({ tags }) => tags.includes(value);
  }
  const textField = TEXT_FIELDS.find((name) => name === field);
  if (textField && (operator === "=" || operator === "!="))
    return (machine) => compare(machine[textField], operator, value);
  const numberField = NUMBER_FIELDS.find((name) => name === field);
  if (numberField && operator !== ":") {
    const wanted = quantity(numberField, value);
    return (machine) => compare(machine[numberField], operator, wanted);
  }
  throw refused(
    `has ${shown(word)}, which is no condition; there are tag:WORD, ${TEXT_FIELDS.join(", ")} with = or !=, and ${NUMBER_FIELDS.join(", ")} with =, !=, <, <=, > or >=, without blanks`,
  );
}

function quantity(field: (typeof NUMBER_FIELDS)[number], value: string): number {
  const [, number, unit] = QUANTITY.exec(value) ?? [];
  const wantsUnit = field === "ram";
  if (number === undefined || (unit !== undefined) !== wantsUnit)
    throw refused(
      `compares ${field} with ${shown(value)}; write ${wantsUnit ? "a size such as 32GB or 32GiB" : "a number"}`,
    );
  return Number(number) * (unit === undefined ? 1 : (UNIT_BYTES[unit] ?? 1));
}

function compare<Value extends string | number>(known: Value | null, operator: string, value: Value): Truth {
  if (known === null) return null;
  if (operator === "=") return known === value;
  if (operator === "!=") return known !== value;
  if (operator === "<") return known < value;
  if (operator === "<=") return known <= value;
  return operator === ">" ? known > value : known >= value;
}

const not = (truth: Truth): Truth => (truth === null ? null : !truth);

const and =
  (left: MachineQuery, right: MachineQuery): MachineQuery =>
  (machine) => {
    const [a, b] = [left(machine), right(machine)];
    if (a === false || b === false) return false;
    return a === null || b === null ? null : true;
  };

const or =
  (left: MachineQuery, right: MachineQuery): MachineQuery =>
  (machine) => {
    const [a, b] = [left(machine), right(machine)];
    if (a === true || b === true) return true;
    return a === null || b === null ? null : false;
  };

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));
const refused = (what: string): QueryTrouble => new QueryTrouble(what);
