// What keeps the machines of a running sweep from its trials, a sentence for each: people see why nothing happens.
import { waitReasonOf } from "@ozone/shared/wait-message";
import { waitWords } from "@ozone/shared/wait-reason";
import { describeMachine, withBudget } from "../store/describe-machine.ts";
import { machinesById } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { timeBudgets } from "../store/spent-time.ts";

/** Notes on those of these machines that take no trials by themselves, or have no time left. */
export async function waitingNotes(
  store: Store,
  machineIds: readonly string[],
  { leaseMs, nowMs }: { readonly leaseMs: number; readonly nowMs: number },
): Promise<string[]> {
  const rows = await machinesById(store.db, [...new Set(machineIds)]);
  if (rows.length === 0) return [];
  const budgets = await timeBudgets(store.db);
  return rows
    .map((row) => withBudget(describeMachine(row, leaseMs), budgets.get(row.id)))
    .flatMap(({ name, waits }) => waits.map((one) => `${name} ${waitWords(waitReasonOf(one), nowMs)}.`))
    .sort();
}
