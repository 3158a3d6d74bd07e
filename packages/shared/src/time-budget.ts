// How much of 24 hours a machine may spend on trials, and when it may go on. Pure.
import type { WaitReason } from "./wait-reason.ts";

/** The window is not a calendar day: what was measured 24 hours ago no longer counts, wherever the machine is. */
export const BUDGET_WINDOW_MS = 86_400_000;

/** A trial that ended in the window. */
export interface SpentTime {
  /** Epoch milliseconds, by the coordinator's database. */
  readonly endedAtMs: number;
  /** From its order to its result, in milliseconds. */
  readonly elapsedMs: number;
}

/** Milliseconds spent, of these trials. */
export const usedMs = (spent: readonly SpentTime[]): number =>
  spent.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);

/** When enough of it lies more than 24 hours back, in epoch milliseconds; null: there is time left now. */
export function freeAgainAtMs(budgetMs: number, spent: readonly SpentTime[]): number | null {
  let left = usedMs(spent);
  if (left < budgetMs) return null;
  for (const { endedAtMs, elapsedMs } of [...spent].sort((a, b) => a.endedAtMs - b.endedAtMs)) {
    left -= elapsedMs;
    if (left < budgetMs) return endedAtMs + BUDGET_WINDOW_MS;
  }
  return null; // a budget of nothing: it never is
}

/** "4 h", "1 h 12 min", "45 min", "30 s". */
export function hoursWords(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [...(hours > 0 ? [`${hours} h`] : []), ...(rest > 0 || hours === 0 ? [`${rest} min`] : [])].join(
    " ",
  );
}

/** Why a machine with this budget takes no trials now; null: it has time left. */
export function budgetReason(budgetMs: number, spent: readonly SpentTime[]): WaitReason | null {
  if (usedMs(spent) < budgetMs) return null;
  const untilMs = freeAgainAtMs(budgetMs, spent);
  const detail = `budget of ${hoursWords(budgetMs)} in 24 h`;
  return { kind: "budget", detail, ...(untilMs === null ? {} : { untilMs }) };
}
