// An objective taken apart for a search: what can be told from the options alone, and a score that adds up, in which
// 0.01 is about one per cent whatever the objective's own unit is.
import { makeObjective, type Objective, type ObjectiveFigures } from "../objective.ts";
import { namesIn } from "./evaluate.ts";
import { FORMULA_NAMES, type ObjectiveData } from "./objective-data.ts";
import { parseCondition, parseExpression } from "./parse.ts";

/** The parts of one objective. */
export interface GoalParts {
  readonly purpose: string;
  readonly allows: Objective["allows"];
  /** What stands before the last `then`: made of options, larger is better; null where there is no `then`. */
  readonly firstOf: ((figures: Partial<ObjectiveFigures>) => number) | null;
  /** The measured part as a logarithm, larger is better; NaN where it has no value. */
  readonly log: (figures: ObjectiveFigures) => number;
  /** It names more than decode rate, TTFT and num_ctx. */
  readonly namesOthers: boolean;
}

/** Values below this, whatever their unit, are not told apart any more. */
const SMALLEST = 1e-6;

/** ln(2 x / SMALLEST) for large x, minus that of -x for negative ones, and rising in between: it keeps every order. */
const signedLog = (value: number): number => Math.asinh(value / SMALLEST);

const PLAIN: ReadonlySet<string> = new Set(["num_ctx", "decode_tps", "ttft_ms", "ctx_floor"]);

/** The levels of an objective: itself, its `then`, and so on. */
const levelsOf = (data: ObjectiveData): ObjectiveData[] => [
  data,
  ...(data.tieBreak ? levelsOf(data.tieBreak) : []),
];

const withoutLast = ({ tieBreak, where: _, ...data }: ObjectiveData): ObjectiveData =>
  tieBreak?.tieBreak ? { ...data, tieBreak: withoutLast(tieBreak) } : data;

function namesOf({ minimise, maximise, where }: ObjectiveData): string[] {
  const aim = namesIn(parseExpression(minimise ?? maximise ?? "", FORMULA_NAMES));
  const condition = where === undefined ? [] : parseCondition(where, FORMULA_NAMES);
  return [...aim, ...condition.flatMap(({ left, right }) => [...namesIn(left), ...namesIn(right)])];
}

/** Takes an objective apart. */
export function goalPartsOf(objective: Objective): GoalParts {
  const { purpose, data, contextFloor, allows } = objective;
  const levels = levelsOf(data);
  const { where: _, ...last } = levels.at(-1) ?? data;
  const scoreOf = (of: ObjectiveData) =>
    makeObjective({ purpose, words: "", useCase: "", contextFloor, data: of }).score;
  const score = scoreOf(last);
  const first = levels.length > 1 ? scoreOf(withoutLast(data)) : null;
  return {
    purpose,
    allows,
    firstOf: first && ((figures) => first({ numCtx: 0, decodeTokensPerSecond: 0, ttftMs: 0, ...figures })),
    log: last.log ? score : (figures) => signedLog(score(figures)),
    namesOthers: levels.flatMap(namesOf).some((name) => !PLAIN.has(name)),
  };
}
