// States of a trial and the only legal moves. Attempts carry the fencing: see coordinator/intake.

/** planned -> running -> done | failed | cancelled; running -> planned when a lease expired or another attempt is due. */
export type TrialStateName = "planned" | "running" | "done" | "failed" | "cancelled";

/** States of a sweep. */
export type SweepStateName = "running" | "done" | "cancelled" | "failed";

/** What can happen to a trial. */
export type TrialEvent = "dispatched" | "result" | "gave_up" | "retry" | "lease_expired" | "cancelled";

const MOVES: Readonly<Record<TrialStateName, Partial<Record<TrialEvent, TrialStateName>>>> = {
  // A lease that ran out but was not given away again may still report: the attempt number is the fence, not the clock.
  planned: {
    dispatched: "running",
    result: "done",
    gave_up: "failed",
    retry: "planned",
    cancelled: "cancelled",
  },
  running: {
    result: "done",
    gave_up: "failed",
    retry: "planned",
    lease_expired: "planned",
    cancelled: "cancelled",
  },
  done: {},
  failed: {},
  cancelled: {},
};

/** The next state, or null when the event means nothing in this state (late, repeated). */
export const nextTrialState = (state: TrialStateName, event: TrialEvent): TrialStateName | null =>
  MOVES[state][event] ?? null;

/** Whether nothing can happen to the trial any more. */
export const isTrialEnded = (state: TrialStateName): boolean => Object.keys(MOVES[state]).length === 0;
