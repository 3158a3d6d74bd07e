// An objective as data: what a file of a person's own objectives holds, and what the three defaults are written in.

/** Exactly one of minimise and maximise. */
export interface ObjectiveData {
  readonly minimise?: string;
  readonly maximise?: string;
  /** Which configurations it may choose from. */
  readonly where?: string;
  /** Decides between equal values; `then` in files, a word that objects of JavaScript had better not have. */
  readonly tieBreak?: ObjectiveData;
  /** The values are logarithms: a difference of d is a loss of 1 - exp(-d). Changes how a loss is told and searched, never the choice. */
  readonly log?: boolean;
}

/** Measured with the context filled: medians, and the share of runs that succeeded. */
export const METRIC_NAMES = ["ttft_ms", "decode_tps", "prefill_tps", "success_rate"] as const;
/** Whole numbers that a configuration sets; one that it leaves to the server is not known. */
export const DIMENSION_NAMES = [
  "num_ctx",
  "num_batch",
  "num_thread",
  "num_gpu",
  "num_predict",
  "concurrency",
] as const;
/** The smallest context that is of use, or 0 where nothing is as large. */
export const FLOOR_NAME = "ctx_floor";

/** Everything that a formula may name. */
export const FORMULA_NAMES: ReadonlySet<string> = new Set([...METRIC_NAMES, ...DIMENSION_NAMES, FLOOR_NAME]);

/** "minimise ttft_ms + 64000 / decode_tps where num_ctx >= ctx_floor". */
export function objectiveText({ minimise, maximise, where, tieBreak }: ObjectiveData): string {
  const aim = minimise === undefined ? `maximise ${maximise ?? ""}` : `minimise ${minimise}`;
  const condition = where === undefined ? "" : ` where ${where}`;
  return `${aim}${condition}${tieBreak ? `, then ${objectiveText(tieBreak)}` : ""}`;
}

/** The key of a tie-break in files. */
export const TIE_BREAK_KEY = "then";

/** The data with the keys that files have. */
export function objectiveDocument({ tieBreak, ...others }: ObjectiveData): Record<string, unknown> {
  return { ...others, ...(tieBreak ? { [TIE_BREAK_KEY]: objectiveDocument(tieBreak) } : {}) };
}
