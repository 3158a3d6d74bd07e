// A person's own objectives: the parsed document of their file -> objectives, or what is wrong and where. Pure.
import { CONTEXT_FLOOR, makeObjective, OBJECTIVES, type Objective } from "../objective.ts";
import { ObjectiveError } from "./compile.ts";
import { type ObjectiveData, objectiveText, TIE_BREAK_KEY } from "./objective-data.ts";

/** What can't be used: keys down to it, and one sentence. */
export class ObjectivesFileError extends Error {
  override readonly name = "ObjectivesFileError";
  readonly path: readonly string[];

  constructor(path: readonly string[], problem: string) {
    super(problem);
    this.path = path;
  }
}

const OBJECTIVES_MAX = 16;
const WORDS_MAX = 300;
const CONTEXT_FLOOR_MAX = 16_777_216;
const PURPOSE = /^(?!extreme_)[a-z][a-z0-9_]{0,39}$/;
const DATA_KEYS = ["minimise", "maximise", "where", TIE_BREAK_KEY, "log"];

type Plain = Readonly<Record<string, unknown>>;

function plain(value: unknown, path: readonly string[], allowed?: readonly string[]): Plain {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ObjectivesFileError(path, "Keys with values are expected here.");
  }
  const unknown = allowed && Object.keys(value).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    throw new ObjectivesFileError(
      [...path, unknown],
      `There is no such key here; use ${allowed?.join(", ")}.`,
    );
  }
  return { ...value };
}

function text(value: unknown, path: readonly string[]): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number") return String(value);
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  throw new ObjectivesFileError(path, "A text is expected here.");
}

/** One line for people; formulas are held to their own limit. */
function words(value: unknown, path: readonly string[]): string | undefined {
  const said = text(value, path);
  if (said !== undefined && (said.length > WORDS_MAX || /\p{Cc}/u.test(said))) {
    throw new ObjectivesFileError(path, `One line of at most ${WORDS_MAX} characters is expected here.`);
  }
  return said;
}

function dataOf(document: Plain, path: readonly string[]): ObjectiveData {
  const { log } = document;
  if (log !== undefined && typeof log !== "boolean") {
    throw new ObjectivesFileError([...path, "log"], "true or false is expected here.");
  }
  const minimise = text(document.minimise, [...path, "minimise"]);
  const maximise = text(document.maximise, [...path, "maximise"]);
  const where = text(document.where, [...path, "where"]);
  const below = [...path, TIE_BREAK_KEY];
  const next = document[TIE_BREAK_KEY];
  return {
    ...(minimise === undefined ? {} : { minimise }),
    ...(maximise === undefined ? {} : { maximise }),
    ...(where === undefined ? {} : { where }),
    ...(next === undefined ? {} : { tieBreak: dataOf(plain(next, below, DATA_KEYS), below) }),
    ...(log === undefined ? {} : { log }),
  };
}

function objectiveOf(purpose: string, value: unknown, contextFloor: number): Objective {
  const path = ["objectives", purpose];
  if (!PURPOSE.test(purpose)) {
    throw new ObjectivesFileError(
      path,
      "A name has small letters, digits and _, begins with a letter, has at most 40 characters and does not begin with extreme_.",
    );
  }
  const document = plain(value, path, [...DATA_KEYS, "words", "use_case"]);
  const data = dataOf(document, path);
  const said = words(document.words, [...path, "words"]);
  const grammar = `own objective: ${objectiveText(data)}`;
  const known = OBJECTIVES.find((one) => one.purpose === purpose);
  try {
    return makeObjective({
      purpose,
      data,
      contextFloor,
      words: said === undefined ? grammar : `${said} (${grammar})`,
      useCase: words(document.use_case, [...path, "use_case"]) ?? known?.useCase ?? "",
    });
  } catch (thrown) {
    if (thrown instanceof ObjectiveError)
      throw new ObjectivesFileError([...path, ...thrown.path], thrown.message);
    throw thrown;
  }
}

/** The defaults with another floor: the words name it. */
const withFloor = (objective: Objective, contextFloor: number): Objective =>
  objective.data.where?.includes("ctx_floor") && contextFloor !== CONTEXT_FLOOR
    ? makeObjective({
        ...objective,
        contextFloor,
        words: `own floor ${contextFloor}: ${objectiveText(objective.data)}`,
      })
    : objective;

/**
 * The objectives of a document: those that it names replace the default of the same name or come after the defaults.
 * @throws ObjectivesFileError for the first thing that can't be used.
 */
export function readObjectives(document: unknown): Objective[] {
  const { objectives = {}, ctx_floor: floor = CONTEXT_FLOOR } = plain(
    document,
    [],
    ["objectives", "ctx_floor"],
  );
  if (typeof floor !== "number" || !Number.isInteger(floor) || floor < 0 || floor > CONTEXT_FLOOR_MAX) {
    throw new ObjectivesFileError(
      ["ctx_floor"],
      `A whole number from 0 to ${CONTEXT_FLOOR_MAX} is expected here.`,
    );
  }
  const named = Object.entries(plain(objectives, ["objectives"]));
  if (named.length > OBJECTIVES_MAX) {
    throw new ObjectivesFileError(["objectives"], `At most ${OBJECTIVES_MAX} objectives are possible.`);
  }
  const own = new Map(named.map(([purpose, value]) => [purpose, objectiveOf(purpose, value, floor)]));
  const defaults = OBJECTIVES.map((one) => own.get(one.purpose) ?? withFloor(one, floor));
  const names = new Set(OBJECTIVES.map(({ purpose }) => purpose));
  return [...defaults, ...[...own.values()].filter(({ purpose }) => !names.has(purpose))];
}
