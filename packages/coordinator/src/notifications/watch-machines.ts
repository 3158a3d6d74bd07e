// Machines that went missing and came back, each once: what was told of is a row, changed together with what it tells.
import { type AbsentMachine, absentMachines, beginAbsence, endAbsence } from "../store/machine-absences.ts";
import { insertNotification } from "../store/notifications.ts";
import type { Store, Transaction } from "../store/open-store.ts";
import { type AbsenceRules, type AbsenceStep, absenceStep } from "./absence.ts";
import { makeNotification } from "./bodies.ts";

async function take(tx: Transaction, machine: AbsentMachine, step: Exclude<AbsenceStep, null>) {
  const { id: machineId, name, lastSeenAt, silentMs, toldOf } = machine;
  if (step === "missing") {
    if (!(await beginAbsence(tx, machineId, lastSeenAt))) return;
    const at = new Date(lastSeenAt.getTime() + silentMs);
    const facts = { name, machineId, lastHeardAt: lastSeenAt, silentMs: Math.round(silentMs) };
    return insertNotification(tx, makeNotification("machine.missing", at, facts));
  }
  if (!(await endAbsence(tx, machineId)) || step === "forget") return;
  const awayMs = lastSeenAt.getTime() - (toldOf ?? lastSeenAt).getTime();
  const facts = { name, machineId, lastHeardBefore: toldOf, awayMs };
  return insertNotification(tx, makeNotification("machine.back", lastSeenAt, facts));
}

/** One look. @returns whether there was news */
export async function watchMachines(store: Store, rules: AbsenceRules): Promise<boolean> {
  let news = false;
  for (const machine of await absentMachines(store.db, rules.missingAfterMs)) {
    const step = absenceStep(machine, rules);
    if (step === null) continue;
    await store.db.transaction((tx) => take(tx, machine, step));
    news = true;
  }
  return news;
}
