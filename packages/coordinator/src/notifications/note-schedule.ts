// A time of a schedule became no sweep: written down in the transaction that deals with the time.
import { insertNotification } from "../store/notifications.ts";
import type { Transaction } from "../store/open-store.ts";
import type { RunRow } from "../store/schedules.ts";
import { makeNotification, sentence } from "./bodies.ts";

const TYPES = {
  failed: "schedule.failed",
  missed: "schedule.missed",
  skipped: "schedule.skipped",
} as const;

const isLost = (outcome: string): outcome is keyof typeof TYPES => Object.hasOwn(TYPES, outcome);

/**
 * Notes a time that was lost.
 * @param before what became of the time before; of several that are skipped in a row the first is news
 */
export async function noteScheduleLost(
  tx: Transaction,
  { schedule, dueAt, outcome, because }: Pick<RunRow, "schedule" | "dueAt" | "outcome" | "because">,
  before: string | null,
): Promise<void> {
  if (!isLost(outcome) || (outcome === "skipped" && before === "skipped")) return;
  const facts = { name: schedule, dueAt, because: sentence(because) };
  await insertNotification(tx, makeNotification(TYPES[outcome], dueAt, facts));
}
