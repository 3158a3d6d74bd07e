// How far a sweep is, in one line. What is said is decided here; writing it is watch/.
import { type Sweep, SweepState, type Trial } from "@ozone/proto/sweep";
import { describeConfiguration } from "@ozone/shared/configuration";
import { cleanText } from "./clean-text.ts";
import { sweepCounts, sweepStateWords } from "./names.ts";
import { timeLeft } from "./text-sweeps.ts";

/** The parts of a watch message that the line is made of. */
export interface ProgressState {
  readonly sweep: Sweep;
  readonly running: readonly Trial[];
  readonly activities: readonly string[];
}

/** "trial 5 of 14 · num_ctx 8192, num_batch 512 · filling 7372 tokens", without the time. */
export function progressLine({ sweep, running, activities }: ProgressState): string {
  const { total, ended } = sweepCounts(sweep);
  if (sweep.state !== SweepState.RUNNING)
    return `${sweepStateWords(sweep.state)}: ${ended} of ${total} trials ended`;
  const [first] = running;
  // The quick strategy plans from what it finds: its total grows.
  const soFar = sweep.request?.strategy === "quick" ? " planned so far" : "";
  const count = first
    ? `trial ${Math.min(ended + 1, Math.max(total, 1))} of ${total}${soFar}`
    : `${ended} of ${total} trials ended`;
  const what = first?.configuration ? [describeConfiguration(first.configuration)] : [];
  const others = running.length > 1 ? [`and ${running.length - 1} more at work`] : [];
  const activity = activities[0] ? [cleanText(withoutMachine(activities), 120)] : [];
  const waiting = first || activity.length > 0 ? [] : ["planning"];
  return [count, ...what, ...activity, ...others, ...waiting].join(" · ");
}

/** The whole line, with what is left of the time; `sinceMs` is how long ago the message came. */
export function progressLineWithTime(state: ProgressState, sinceMs: number): string {
  const { remainingMs, state: sweepState } = state.sweep;
  if (!remainingMs || sweepState !== SweepState.RUNNING) return progressLine(state);
  return `${progressLine(state)} · ${timeLeft(Math.max(0, remainingMs - sinceMs))} left`;
}

/** One machine alone needs no name in front of what it does. */
function withoutMachine(activities: readonly string[]): string {
  const [first = ""] = activities;
  return activities.length === 1 ? first.replace(/^[^\s:]+: /, "") : first;
}
