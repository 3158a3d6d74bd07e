// Starts, cancels and undoes roll-outs: one transaction each; what follows is decided by next-steps.ts.
import { randomBytes } from "node:crypto";
import type { RolloutRequest } from "@ozone/proto/rollout";
import { OzoneError } from "@ozone/shared/errors";
import { noteAct } from "../store/acts.ts";
import { listMachines } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import {
  findRollout,
  insertRollout,
  type RolloutRow,
  reopenToUndo,
  rolloutTargetsOf,
  stopRollout,
} from "../store/rollouts.ts";
import { type ChosenMachine, chooseMachines } from "./choose-machines.ts";

/** Enough that nobody waits for one slow machine, few enough that a mistake stays small. */
const PARALLEL_MAX = 64;

/** One message tells of all machines of a roll-out, at about 1 KB each; it has to stay below GRPC_MESSAGE_BYTES_MAX. */
const MACHINES_MAX = 1_000;

/**
 * The machines that a request would go to.
 * @throws OzoneError invalid_input with one sentence
 */
export async function planRollout(
  { db }: Store,
  request: RolloutRequest,
  leaseMs: number,
): Promise<ChosenMachine[]> {
  if (request.parallel > PARALLEL_MAX) {
    throw new OzoneError("invalid_input", `At most ${PARALLEL_MAX} machines are sent to at once.`);
  }
  const chosen = chooseMachines(request, await listMachines(db), leaseMs);
  if (chosen.length <= MACHINES_MAX) return chosen;
  throw new OzoneError(
    "invalid_input",
    `${chosen.length} machines are meant, and one roll-out goes to ${MACHINES_MAX} at most; name some of them (--machine).`,
  );
}

/** Stores a roll-out, which runs from then on. @throws OzoneError invalid_input with one sentence @returns its id */
export async function startRollout(
  store: Store,
  request: RolloutRequest,
  { leaseMs, who }: { readonly leaseMs: number; readonly who: string },
): Promise<string> {
  const targets = await planRollout(store, request, leaseMs);
  if (!targets.some(({ state }) => state === "planned")) {
    const [first] = targets;
    throw new OzoneError(
      "invalid_input",
      `No machine can take this preset; ${first?.machineName}: ${first?.because} (--dry-run shows all).`,
    );
  }
  const id = `r-${randomBytes(5).toString("hex")}`;
  const { modelName = "", purpose = "" } = request.preset ?? {};
  const detail = `${purpose} of ${modelName}`;
  await store.db.transaction(async (tx) => {
    await insertRollout(tx, { id, request }, targets);
    await noteAct(tx, { who, what: "started a roll-out", about: id, detail });
  });
  return id;
}

/** The roll-out of this id. @throws OzoneError not_found */
export async function requireRollout({ db }: Store, id: string): Promise<RolloutRow> {
  const rollout = await findRollout(db, id);
  if (rollout !== null) return rollout;
  throw new OzoneError(
    "not_found",
    `There is no roll-out ${JSON.stringify(id)}; \`ozone rollout list\` shows them.`,
  );
}

/** Nothing more is sent; what it put in place is taken back, unless it is to be kept. One that has ended stays as it is. */
export async function cancelRollout(
  store: Store,
  id: string,
  { keepKept, who }: { readonly keepKept: boolean; readonly who: string },
): Promise<void> {
  await requireRollout(store, id);
  await store.db.transaction(async (tx) => {
    const rollout = await findRollout(tx, id, true);
    if (rollout?.state !== "running" || rollout.stopped !== null) return;
    await stopRollout(tx, id, {
      stopped: "cancelled",
      stoppedBecause: "It was cancelled.",
      keepKept: keepKept || rollout.keepKept,
    });
    await noteAct(tx, { who, what: "cancelled a roll-out", about: id });
  });
}

/**
 * Takes the preset back on every machine that kept it. One that is being undone, or was, stays as it is.
 * @throws OzoneError not_found; invalid_input while it runs, or when no machine has kept the preset
 */
export async function undoRollout(store: Store, id: string, who: string): Promise<void> {
  await requireRollout(store, id);
  await store.db.transaction(async (tx) => {
    const rollout = await findRollout(tx, id, true);
    if (rollout === null || rollout.stopped === "undone") return;
    if (rollout.state === "running") {
      throw new OzoneError(
        "invalid_input",
        `Roll-out ${id} is still running; \`ozone rollout cancel ${id}\` stops it and takes the preset back.`,
      );
    }
    if (!(await rolloutTargetsOf(tx, id)).some(({ state }) => state === "kept")) {
      throw new OzoneError(
        "invalid_input",
        `No machine has kept the preset of roll-out ${id}, so that there is nothing to take back; \`ozone rollout show ${id}\` says what became of it.`,
      );
    }
    await reopenToUndo(tx, id, "It was undone.");
    await noteAct(tx, { who, what: "undid a roll-out", about: id });
  });
}
