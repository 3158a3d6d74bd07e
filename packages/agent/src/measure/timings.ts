// The client's own times of a streamed answer, and the fields of its last line as numbers. Pure.
import type { StreamRecord } from "../ollama/stream-record.ts";

/** Client times in milliseconds; null where there is nothing to measure between. */
export interface Timings {
  /** Request to first text. */
  readonly ttftMs: number | null;
  /** First text to last text. */
  readonly spanMs: number | null;
  /** Request to the line with `done`. */
  readonly totalMs: number | null;
  /** Between successive texts. */
  readonly gapsMs: readonly number[];
}

/** The client's times of an answer. */
export function timingsOf(record: StreamRecord): Timings {
  const { textTimesMs: times, startedAtMs } = record;
  const first = times[0];
  const last = times[times.length - 1];
  return {
    ttftMs: first === undefined ? null : first - startedAtMs,
    spanMs: first === undefined || last === undefined || times.length < 2 ? null : last - first,
    totalMs: record.doneAtMs === null ? null : record.doneAtMs - startedAtMs,
    gapsMs: times.slice(1).map((time, at) => time - (times[at] ?? time)),
  };
}

/** Counts and durations (nanoseconds) of the last line. A missing key is zero: Ollama leaves zeros out. */
export interface ServerFigures {
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** As the server says it. */
  readonly promptEvalNs: number;
  /** What the prefill took: promptEvalNs, or on servers that account for less the rest of the total. */
  readonly prefillNs: number;
  readonly prefillFrom: "prompt_eval_duration" | "rest_of_total";
  readonly evalNs: number;
  readonly loadNs: number;
  readonly totalNs: number;
  /** Null on servers that do not report it. */
  readonly cachedTokens: number | null;
  readonly doneReason: string | null;
  /** Fields that are present but are not what they must be, as sentences. */
  readonly problems: readonly string[];
}

const COUNTS = ["prompt_eval_count", "eval_count", "prompt_eval_cached_count"] as const;
const DURATIONS = ["prompt_eval_duration", "eval_duration", "load_duration", "total_duration"] as const;

/** Ollama 0.12.6 says of a prompt only what its last batch took (mended in 0.12.7, "Record the time for all batches"). */
export const countsLastBatchOnly = (engineVersion: string): boolean =>
  /^0\.12\.6($|[-+])/.test(engineVersion);

/** Reads the last line with suspicion: what is no non-negative whole number is a problem, and counts as zero. */
export function serverFiguresOf(
  done: Readonly<Record<string, unknown>> | null,
  engineVersion = "",
): ServerFigures {
  const fields = done ?? {};
  const problems: string[] = [];
  const read = (key: string): number => {
    const value = fields[key];
    if (value === undefined) return 0;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    if (key !== "prompt_eval_cached_count" || value !== null) {
      problems.push(`${key} is ${JSON.stringify(value)} instead of a whole number of at least 0`);
    }
    return 0;
  };
  const [promptTokens, generatedTokens, cached] = COUNTS.map(read);
  const [promptEvalNs = 0, evalNs = 0, loadNs = 0, totalNs = 0] = DURATIONS.map(read);
  const restNs = countsLastBatchOnly(engineVersion) ? totalNs - loadNs - evalNs : 0;
  return {
    promptTokens: promptTokens ?? 0,
    generatedTokens: generatedTokens ?? 0,
    promptEvalNs,
    // Never less than what the server says: a smaller one would only make the rate look better.
    prefillNs: Math.max(promptEvalNs, restNs),
    prefillFrom: countsLastBatchOnly(engineVersion) ? "rest_of_total" : "prompt_eval_duration",
    evalNs,
    loadNs,
    totalNs,
    cachedTokens: fields.prompt_eval_cached_count === undefined ? null : (cached ?? 0),
    doneReason: typeof fields.done_reason === "string" ? fields.done_reason : null,
    problems,
  };
}
