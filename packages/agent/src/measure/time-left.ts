// Whether there is time and room for one sample more that nobody has to have: it is not begun when it can't end.
import { SampleKind } from "@ozone/proto/trial";
import { SAMPLES_PER_RESULT_MAX } from "@ozone/shared/limits";
import { timeOf } from "./ask-model.ts";
import type { Attempt } from "./attempt.ts";

/** The next one may take so much longer than the longest so far. */
const MARGIN = 1.25;

/** What is asked of the time left. */
export interface Wish {
  /** Times the longest filled sample so far; 1 unless said otherwise. */
  readonly times?: number;
  /** Time that something else will need, in milliseconds. */
  readonly reserveMs?: number;
}

/** Whether a sample can end in the time that is left of the attempt, judged by the longest filled one so far. */
export function hasTimeFor(attempt: Attempt, { times = 1, reserveMs = 0 }: Wish = {}): boolean {
  const neededMs = MARGIN * times * longestFilledMs(attempt);
  return neededMs + reserveMs <= timeOf(attempt).remainingMs;
}

/** Whether a result may hold so many samples more. */
export const hasRoomFor = ({ samples }: Attempt, requests: number): boolean =>
  samples.length + requests <= SAMPLES_PER_RESULT_MAX;

function longestFilledMs({ samples }: Attempt): number {
  const durations = samples
    .filter(({ kind }) => kind === SampleKind.FILLED)
    .map(({ stream, intendedAtMs }) => (stream.doneAtMs ?? intendedAtMs) - intendedAtMs);
  return Math.max(0, ...durations);
}
