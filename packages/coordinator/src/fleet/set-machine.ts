// What people decide about a machine that is in the fleet: whether and when it works, and what it is called.
import { isMachineName, MACHINE_NAME_WORDS } from "@ozone/shared/enrolment";
import { OzoneError } from "@ozone/shared/errors";
import { hoursText, parseHours, type WrittenHours } from "@ozone/shared/machine-hours";
import { BUDGET_WINDOW_MS, hoursWords } from "@ozone/shared/time-budget";
import { noteAct } from "../store/acts.ts";
import { findIdentity, listIdentities } from "../store/machine-identities.ts";
import { setDailyMs, setGivenName, setHours, setPaused } from "../store/machine-settings.ts";
import { findMachine, listMachines, type MachineRow } from "../store/machines.ts";
import type { Store, Transaction } from "../store/open-store.ts";

const notKnown = (machineId: string): OzoneError =>
  new OzoneError(
    "not_found",
    `There is no machine ${JSON.stringify(machineId)}; \`ozone machine list\` shows them.`,
  );

/** The name of a machine that announced itself or enrolled. @throws OzoneError not_found */
async function nameOf(tx: Transaction, machineId: string): Promise<string> {
  const identity = await findIdentity(tx, machineId);
  const machine = await findMachine(tx, machineId);
  const name = machine?.announcement.name ?? identity?.name;
  if (name === undefined || identity?.state === "removed") throw notKnown(machineId);
  return name;
}

/**
 * Has a machine take no further trials, or take them again. It learns so from the reply to its next heartbeat, and nothing
 * is sent to it from now on.
 * @returns the machine; null when it has not announced itself yet
 * @throws OzoneError not_found
 */
export async function pauseMachine(
  store: Store,
  machineId: string,
  { paused, who }: { readonly paused: boolean; readonly who: string },
): Promise<MachineRow | null> {
  return store.db.transaction(async (tx) => {
    await nameOf(tx, machineId);
    if (await setPaused(tx, machineId, paused))
      await noteAct(tx, { who, what: paused ? "paused" : "resumed", about: machineId });
    return findMachine(tx, machineId);
  });
}

/**
 * Sets how long a machine may run trials in 24 hours.
 * @param dailyMs in milliseconds; 0: as long as there is something to do
 * @throws OzoneError not_found, invalid_input
 */
export async function budgetMachine(
  store: Store,
  machineId: string,
  { dailyMs, who }: { readonly dailyMs: number; readonly who: string },
): Promise<void> {
  if (dailyMs > BUDGET_WINDOW_MS)
    throw new OzoneError("invalid_input", "A machine's budget of time is at most 24h in 24 hours.");
  await store.db.transaction(async (tx) => {
    await nameOf(tx, machineId);
    const wanted = dailyMs === 0 ? null : dailyMs;
    if ((await setDailyMs(tx, machineId, wanted)) === wanted) return;
    const detail = wanted === null ? "none" : `${hoursWords(wanted)} in 24 h`;
    await noteAct(tx, { who, what: "budgeted", about: machineId, detail });
  });
}

/**
 * Sets when a machine may run trials.
 * @param asked null: always
 * @returns the hours in the form in which they are kept
 * @throws OzoneError not_found, invalid_input
 */
export async function setMachineHours(
  store: Store,
  machineId: string,
  { asked, who }: { readonly asked: WrittenHours | null; readonly who: string },
): Promise<WrittenHours | null> {
  const hours = asked === null ? null : writtenForm(asked);
  await store.db.transaction(async (tx) => {
    await nameOf(tx, machineId);
    const before = await setHours(tx, machineId, hours);
    const [was, is] = [before, hours].map((one) => (one === null ? "always" : hoursText(one)));
    if (was !== is) await noteAct(tx, { who, what: "hours set", about: machineId, detail: is ?? "" });
  });
  return hours;
}

const writtenForm = (asked: WrittenHours): WrittenHours => {
  const { allow, timeZone } = parseHours(asked.allow, asked.timeZone);
  return { allow, timeZone };
};

/** Gives a machine another name. @throws OzoneError not_found, invalid_input */
export async function renameMachine(
  store: Store,
  machineId: string,
  { name, who }: { readonly name: string; readonly who: string },
): Promise<void> {
  if (!isMachineName(name))
    throw new OzoneError("invalid_input", `The name of a machine ${MACHINE_NAME_WORDS}.`);
  await store.db.transaction(async (tx) => {
    const before = await nameOf(tx, machineId);
    const others = [
      ...(await listMachines(tx)).map(({ id, announcement }) => ({ id, name: announcement.name })),
      ...(await listIdentities(tx)).map((identity) => ({ id: identity.machineId, name: identity.name })),
    ].filter(({ id }) => id !== machineId);
    const holder = others.find((other) => other.name === name || other.id === name);
    if (holder)
      throw new OzoneError("invalid_input", `${holder.id} is called ${name} already; choose another name.`);
    await setGivenName(tx, machineId, name);
    if (before !== name)
      await noteAct(tx, { who, what: "renamed", about: machineId, detail: `${before} to ${name}` });
  });
}
