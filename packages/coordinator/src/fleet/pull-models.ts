// Models that machines pull because a person asked for it and the machine's owner consented.
import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type PullOrder, PullOrderSchema, type PullReport } from "@ozone/proto/pull";
import { OzoneError } from "@ozone/shared/errors";
import { noteAct } from "../store/acts.ts";
import { findMachine, listMachines, type MachineRow } from "../store/machines.ts";
import type { Executor, Store } from "../store/open-store.ts";
import {
  changePull,
  insertPull,
  listPulls,
  openPulls,
  type PullChange,
  type PullRow,
} from "../store/pulls.ts";

const MODEL_MAX = 200;
/** Registry, namespace, model and tag; nothing that a path or a shell could take for something else. */
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:/-]*$/;

const fullName = (model: string): string =>
  model.slice(model.lastIndexOf("/") + 1).includes(":") ? model : `${model}:latest`;

const digestOf = ({ announcement }: MachineRow, model: string): string | null =>
  announcement.models.find(({ name }) => fullName(name) === fullName(model))?.digest ?? null;

/** What all machines that have a model have under its name; empty: nobody has it, or they differ. Pure. */
function digestElsewhere(machines: readonly MachineRow[], model: string): string {
  const digests = new Set(machines.flatMap((machine) => digestOf(machine, model) ?? []));
  return digests.size === 1 ? ([...digests][0] ?? "") : "";
}

/** Why a machine can't be asked for a model, in one sentence; null: it can. Pure. */
function pullProblem(machine: MachineRow, model: string): string | null {
  const { name, pullConsent } = machine.announcement;
  if (model.length > MODEL_MAX || !MODEL.test(model))
    return `${JSON.stringify(model.slice(0, 60))} is no name of a model, such as qwen3:8b.`;
  if (digestOf(machine, model) !== null) return `${name} has ${model} already.`;
  if (!pullConsent)
    return `The owner of ${name} has not consented to pulls: set OZONE_AGENT_PULL_DISK there (docs/guarding.md).`;
  return null;
}

/**
 * Asks a machine to pull a model; the same one again while it is pulled is the same pull.
 * @throws OzoneError not_found, invalid_input
 */
export async function startPull(
  store: Store,
  { machineId, model, who }: { readonly machineId: string; readonly model: string; readonly who: string },
): Promise<PullRow> {
  return store.db.transaction(async (tx) => {
    // The row lock keeps two callers from asking for the same model twice.
    const machine = await findMachine(tx, machineId, true);
    if (!machine)
      throw new OzoneError(
        "not_found",
        `There is no machine ${JSON.stringify(machineId)}; \`ozone machine list\` shows them.`,
      );
    const problem = pullProblem(machine, model);
    if (problem !== null) throw new OzoneError("invalid_input", problem);
    const running = (await openPulls(tx, machineId)).find((one) => fullName(one.model) === fullName(model));
    if (running) return running;
    const expectedDigest = digestElsewhere(await listMachines(tx), model);
    const id = `p-${randomBytes(5).toString("hex")}`;
    await noteAct(tx, { who, what: "asked for a model", about: machineId, detail: model });
    return insertPull(tx, { id, machineId, model, expectedDigest });
  });
}

/** Takes a pull back. @throws OzoneError not_found */
export async function cancelPull(store: Store, id: string, who: string): Promise<PullRow> {
  return store.db.transaction(async (tx) => {
    const find = async () => (await listPulls(tx, [id], 1))[0];
    const pull = await find();
    if (!pull) throw new OzoneError("not_found", `There is no pull ${JSON.stringify(id)}.`);
    await changePull(tx, pull, { state: "cancelled" });
    const now = (await find()) ?? pull;
    if (now.state !== pull.state)
      await noteAct(tx, { who, what: "cancelled a pull", about: pull.machineId, detail: pull.model });
    return now;
  });
}

/** What a machine is to pull. */
export const pullOrders = async (db: Executor, machineId: string): Promise<PullOrder[]> =>
  (await openPulls(db, machineId)).map(({ id, model, expectedDigest }) =>
    create(PullOrderSchema, { pullId: id, model, expectedDigest }),
  );

const STATES: readonly PullChange["state"][] = ["waiting", "pulling", "pulled", "failed"];
const REPORTS_MAX = 50;
const TEXT_MAX = 500;

const bytes = (value: bigint): number => Number(value > BigInt(Number.MAX_SAFE_INTEGER) ? 0n : value);
const text = (said: string): string => said.replaceAll("\0", "").slice(0, TEXT_MAX);

/** Notes what a machine says of its pulls. What is said of those of others, or in words that nobody knows, is left out. */
export async function recordPullReports(
  store: Store,
  machineId: string,
  reports: readonly PullReport[],
): Promise<void> {
  for (const report of reports.slice(0, REPORTS_MAX)) {
    const state = STATES.find((known) => known === report.state);
    if (state === undefined) continue;
    await changePull(
      store.db,
      { id: text(report.pullId), machineId },
      {
        ...{ state, problem: text(report.problem), digest: text(report.digest) },
        ...{ completedBytes: bytes(report.completedBytes), totalBytes: bytes(report.totalBytes) },
      },
    );
  }
}
