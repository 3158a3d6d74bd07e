// What is to be done about a schedule now. Pure.
import { occurrencesBetween, type Timing } from "./occurrences.ts";

/** What the decision depends on. */
export interface ScheduleState extends Timing {
  /** Occurrences after this are its own. */
  readonly since: Date;
  readonly lateMs: number;
  /** The newest occurrence that was dealt with; null: none. */
  readonly lastDueAt: Date | null;
  /** The sweep of an earlier occurrence still runs. */
  readonly runningSweepId: string | null;
}

/** An occurrence and what becomes of it. */
export interface Decision {
  readonly dueAt: Date;
  readonly outcome: "start" | "skipped" | "missed";
  readonly because: string;
}

const minutes = (ms: number): string => `${Math.round(ms / 60_000)} min`;

/**
 * Of what is due only the newest is started: who was away for a week does not want seven sweeps at once.
 * @returns null when nothing is due
 */
export function decideOccurrence(state: ScheduleState, now: Date): Decision | null {
  const { lastDueAt, since, lateMs, runningSweepId } = state;
  // A clock that was set back must not bring back what was dealt with.
  const after = lastDueAt !== null && lastDueAt > since ? lastDueAt : since;
  const due = occurrencesBetween(state, after, now);
  const dueAt = due.at(-1);
  if (dueAt === undefined) return null;
  const lateBy = now.getTime() - dueAt.getTime();
  const earlier = due.length - 1;
  const besides =
    earlier === 0 ? "" : ` ${earlier} earlier ${earlier === 1 ? "one was" : "ones were"} missed, too.`;
  if (lateBy > lateMs) {
    const because = `Nobody could start it until ${minutes(lateBy)} after its time, and it may be ${minutes(lateMs)} late.${besides}`;
    return { dueAt, outcome: "missed", because };
  }
  if (runningSweepId !== null) {
    return {
      dueAt,
      outcome: "skipped",
      because: `The sweep ${runningSweepId} of an earlier time still runs.${besides}`,
    };
  }
  return { dueAt, outcome: "start", because: besides.trim() };
}
