// The records of an answer as they go over the wire, for /api/generate and /api/chat.
import type { GenerationRequest } from "./generation-request.ts";
import type { FinalRecord } from "./lies/hooks.ts";

/** What was measured, in nanoseconds, and counted. */
export interface Measurements {
  readonly totalNs: number;
  readonly loadNs: number;
  readonly promptCount: number;
  /** Undefined for releases without the field. */
  readonly cachedCount: number | undefined;
  readonly promptNs: number;
  readonly evalCount: number;
  readonly evalNs: number;
}

/** One piece of text as a record. */
export function chunkRecord(request: GenerationRequest, text: string): Record<string, unknown> {
  return { ...head(request), ...content(request, text), done: false };
}

/** The last record: no text when streamed, all of it otherwise. */
export function finalRecord(
  request: GenerationRequest,
  end: { text: string; doneReason: string; context?: readonly number[] | undefined },
  numbers: FinalRecord,
): Record<string, unknown> {
  return {
    ...head(request),
    ...content(request, end.text),
    done: true,
    done_reason: end.doneReason,
    ...(end.context === undefined ? {} : { context: end.context }),
    ...numbers,
  };
}

/** The numbers of the last record; a zero value is a missing key, as Go's `omitempty` leaves it. */
export function numbersOf(measured: Measurements): FinalRecord {
  const all = {
    total_duration: measured.totalNs,
    load_duration: measured.loadNs,
    prompt_eval_count: measured.promptCount,
    prompt_eval_duration: measured.promptNs,
    eval_count: measured.evalCount,
    eval_duration: measured.evalNs,
  };
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0));
  // The cached count is a pointer in Go: zero is shown, only an unknown one is missing.
  return measured.cachedCount === undefined
    ? present
    : { ...present, prompt_eval_cached_count: measured.cachedCount };
}

function head(request: GenerationRequest): Record<string, unknown> {
  return { model: request.model, created_at: new Date().toISOString() };
}

function content(request: GenerationRequest, text: string): Record<string, unknown> {
  return request.kind === "generate" ? { response: text } : { message: { role: "assistant", content: text } };
}
