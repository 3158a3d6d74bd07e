// What administrators decide about machines: let in, barred, removed. The row is the decision; the bus follows it.
import type { AdmissionState } from "@ozone/shared/enrolment";
import { OzoneError } from "@ozone/shared/errors";
import { nextTrialState } from "@ozone/shared/trial-state";
import { noteAct } from "../store/acts.ts";
import { closeAttempt, leasesOfMachine } from "../store/attempts.ts";
import { findIdentity, type IdentityRow, saveIdentity, setAdmission } from "../store/machine-identities.ts";
import { clearSettings } from "../store/machine-settings.ts";
import { clearTags } from "../store/machine-tags.ts";
import { countAsSilent, findMachine } from "../store/machines.ts";
import type { Store, Transaction } from "../store/open-store.ts";
import { endTargetsOfMachine } from "../store/sweeps.ts";
import { cancelTrialsOfMachine, changeTrial, lockTrials } from "../store/trials.ts";

const notKnown = (machineId: string): OzoneError =>
  new OzoneError(
    "not_found",
    `There is no machine ${JSON.stringify(machineId)}; \`ozone machine list\` shows them.`,
  );

/** The identity, held; a machine that never enrolled (an external NATS) gets one without a key, to be barred by. */
async function heldIdentity(tx: Transaction, machineId: string): Promise<IdentityRow> {
  const known = await findIdentity(tx, machineId, true);
  if (known) return known;
  const machine = await findMachine(tx, machineId);
  if (!machine) throw notKnown(machineId);
  await saveIdentity(tx, { machineId, name: machine.announcement.name, publicKey: null, state: "approved" });
  const made = await findIdentity(tx, machineId, true);
  if (!made) throw notKnown(machineId);
  return made;
}

async function decided(tx: Transaction, machineId: string): Promise<IdentityRow> {
  const identity = await findIdentity(tx, machineId);
  if (!identity) throw notKnown(machineId);
  return identity;
}

/** Lets a machine in. @throws OzoneError not_found */
export async function approveMachine(store: Store, machineId: string, who: string): Promise<IdentityRow> {
  return store.db.transaction(async (tx) => {
    const identity = await findIdentity(tx, machineId, true);
    if (!identity || identity.state === "removed") throw notKnown(machineId);
    if (identity.state === "approved") return identity;
    await setAdmission(tx, machineId, "approved");
    const detail = `was ${identity.state}, key ${identity.publicKey ?? "none"}`;
    await noteAct(tx, { who, what: "approved", about: machineId, detail });
    return decided(tx, machineId);
  });
}

/** Nothing is expected of the machine any more: its leases end, and it counts as away at once. */
async function takeBack(tx: Transaction, machineId: string): Promise<void> {
  const leases = await leasesOfMachine(tx, machineId);
  const trials = await lockTrials(
    tx,
    leases.map(({ trialId }) => trialId),
  );
  for (const lease of leases) {
    await closeAttempt(tx, lease, "expired");
    const trial = trials.get(lease.trialId);
    const state = trial?.attempt === lease.number ? nextTrialState(trial.state, "lease_expired") : null;
    if (state !== null) await changeTrial(tx, lease.trialId, { state });
  }
  await countAsSilent(tx, machineId);
}

async function bar(
  store: Store,
  act: { machineId: string; who: string; state: AdmissionState; what: string },
  further: (tx: Transaction) => Promise<void> = async () => undefined,
): Promise<IdentityRow> {
  const { machineId, who, state, what } = act;
  return store.db.transaction(async (tx) => {
    const identity = await heldIdentity(tx, machineId);
    if (identity.state === "removed") throw notKnown(machineId);
    if (identity.state === state) return identity;
    await setAdmission(tx, machineId, state);
    await takeBack(tx, machineId);
    await further(tx);
    await noteAct(tx, { who, what, about: machineId, detail: `was ${identity.state}` });
    return decided(tx, machineId);
  });
}

/** Bars a machine; its trials go back and wait for it. @throws OzoneError not_found */
export const revokeMachine = (store: Store, machineId: string, who: string): Promise<IdentityRow> =>
  bar(store, { machineId, who, state: "revoked", what: "revoked" });

/** Bars a machine for good: its part of every sweep ends, its tags go. @throws OzoneError not_found */
export const removeMachine = (store: Store, machineId: string, who: string): Promise<IdentityRow> =>
  bar(store, { machineId, who, state: "removed", what: "removed" }, async (tx) => {
    await cancelTrialsOfMachine(tx, machineId);
    await endTargetsOfMachine(tx, machineId, "The machine was removed; what it had measured is kept.");
    await clearTags(tx, machineId);
    await clearSettings(tx, machineId);
  });
