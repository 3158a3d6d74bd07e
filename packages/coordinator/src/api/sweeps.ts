// SweepService: translate, and follow a sweep.
import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type Sweep, SweepRequestSchema, type Trial } from "@ozone/proto/sweep";
import {
  CancelSweepResponseSchema,
  DrainSweepResponseSchema,
  GetSweepResponseSchema,
  ListSweepsResponseSchema,
  StartSweepResponseSchema,
  type SweepService,
  type WatchSweepResponse,
  WatchSweepResponseSchema,
} from "@ozone/proto/sweep_service";
import { OzoneError } from "@ozone/shared/errors";
import { isTrialEnded } from "@ozone/shared/trial-state";
import { machinesOnline } from "../fleet/machines-online.ts";
import { prepareSweep } from "../planning/prepare-sweep.ts";
import { noteAct } from "../store/acts.ts";
import { pausedAmong } from "../store/machine-settings.ts";
import { machinesById } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { resultsOfSweep, spentMsByTarget } from "../store/results.ts";
import {
  countTrials,
  endSweep,
  findSweep,
  insertSweep,
  listSweeps,
  listTargets,
  type SweepRow,
  setDraining,
} from "../store/sweeps.ts";
import { cancelTrials, trialsOfSweep } from "../store/trials.ts";
import { describeSweep, describeTrial } from "./describe-sweep.ts";
import type { Handlers } from "./grpc-server.ts";
import { planSweep } from "./plan-sweep.ts";
import { waitingNotes } from "./waiting-notes.ts";
import { type FindModule, withModule } from "./with-module.ts";

/** What the handlers need. */
export interface SweepPorts {
  readonly store: Store;
  readonly leaseMs: number;
  /** Something changed: plan and dispatch now. */
  readonly wake: () => void;
  /** Resolves when something may have changed, after a short time at the latest. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
  /** Where the module of a plug-in strategy is; null: there is none of that name. Throws when it may not be used. */
  readonly findModule: FindModule;
}

const LISTED = 50;

async function sweepMessage({ store, leaseMs }: SweepPorts, sweep: SweepRow): Promise<Sweep> {
  const [counts, targets, spentMs] = await Promise.all([
    countTrials(store.db, sweep.id),
    listTargets(store.db, sweep.id),
    spentMsByTarget(store.db, sweep.id),
  ]);
  const open = targets.filter(({ finished }) => !finished).map(({ machineId }) => machineId);
  const paused = sweep.state === "running" ? await pausedAmong(store.db, open) : [];
  const nowMs = Date.now();
  const waiting = sweep.state === "running" ? await waitingNotes(store, open, { leaseMs, nowMs }) : [];
  return describeSweep({ sweep, counts, targets, spentMs, paused, waiting });
}

async function requireSweep(store: Store, id: string): Promise<SweepRow> {
  const sweep = await findSweep(store.db, id);
  if (!sweep)
    throw new OzoneError(
      "not_found",
      `There is no sweep ${JSON.stringify(id)}; \`ozone sweep list\` shows them.`,
    );
  return sweep;
}

async function trialMessages(store: Store, sweepId: string): Promise<Trial[]> {
  const [trials, targets, results] = await Promise.all([
    trialsOfSweep(store.db, sweepId),
    listTargets(store.db, sweepId),
    resultsOfSweep(store.db, sweepId),
  ]);
  const models = new Map(targets.map(({ id, modelName }) => [id, modelName]));
  return trials.map((trial) => describeTrial(trial, models.get(trial.targetId) ?? "", results));
}

async function start(ports: SweepPorts, who: string, asked = create(SweepRequestSchema)): Promise<SweepRow> {
  const online = await machinesOnline(ports.store, ports.leaseMs);
  const prepared = prepareSweep(await withModule(ports.findModule, asked), online);
  const id = `s-${randomBytes(5).toString("hex")}`;
  await ports.store.db.transaction(async (tx) => {
    await insertSweep(tx, { ...prepared, id }, prepared.targets);
    await noteAct(tx, { who, what: "started a sweep", about: id, detail: prepared.name });
  });
  ports.wake();
  return requireSweep(ports.store, id);
}

async function cancel({ store, wake }: SweepPorts, id: string, who: string): Promise<SweepRow> {
  await requireSweep(store, id);
  await store.db.transaction(async (tx) => {
    const sweep = await findSweep(tx, id, true);
    if (sweep?.state !== "running") return;
    await cancelTrials(tx, id);
    await endSweep(tx, id, "cancelled");
    await noteAct(tx, { who, what: "cancelled a sweep", about: id, detail: sweep.name });
  });
  wake();
  return requireSweep(store, id);
}

/** What is not begun any more is cancelled, and the sweep ended, by whoever moves sweeps on. */
async function drain({ store, wake }: SweepPorts, id: string, who: string): Promise<SweepRow> {
  await requireSweep(store, id);
  await store.db.transaction(async (tx) => {
    const sweep = await findSweep(tx, id, true);
    if (sweep?.state !== "running" || sweep.drainingSince) return;
    await setDraining(tx, id);
    await noteAct(tx, { who, what: "drained a sweep", about: id, detail: sweep.name });
  });
  wake();
  return requireSweep(store, id);
}

/** One message per change. */
async function* watch(
  ports: SweepPorts,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<WatchSweepResponse> {
  const { store } = ports;
  const told = new Set<string>();
  let last = "";
  for (;;) {
    const sweep = await requireSweep(store, id);
    const trials = await trialsOfSweep(store.db, id);
    const machines = await machinesById(store.db, [
      ...new Set(trials.filter(({ state }) => state === "running").map(({ machineId }) => machineId)),
    ]);
    const activities = machines.map(({ announcement, activity }) => `${announcement.name}: ${activity}`);
    const state = JSON.stringify([
      sweep.state,
      sweep.drainingSince,
      trials.map((trial) => [trial.state, trial.attempt]),
      activities,
    ]);
    if (state !== last) {
      const messages = await trialMessages(store, id);
      const endedNow = trials
        .filter((trial) => isTrialEnded(trial.state) && !told.has(trial.id))
        .map((trial) => trial.id);
      const running = trials.filter((trial) => trial.state === "running").map((trial) => trial.id);
      for (const ended of endedNow) told.add(ended);
      yield create(WatchSweepResponseSchema, {
        sweep: await sweepMessage(ports, sweep),
        running: messages.filter((trial) => running.includes(trial.id)),
        ended: messages.filter((trial) => endedNow.includes(trial.id)),
        activities,
      });
    }
    last = state;
    if (sweep.state !== "running" || signal.aborted) return;
    await ports.changed(signal);
  }
}

/** Handlers of the sweep service. */
export const sweepHandlers = (ports: SweepPorts): Handlers<typeof SweepService> => ({
  startSweep: async ({ request }, { caller: { who } }) =>
    create(StartSweepResponseSchema, { sweep: await sweepMessage(ports, await start(ports, who, request)) }),
  listSweeps: async ({ limit }) =>
    create(ListSweepsResponseSchema, {
      sweeps: await Promise.all(
        (await listSweeps(ports.store.db, limit || LISTED)).map((sweep) => sweepMessage(ports, sweep)),
      ),
    }),
  getSweep: async ({ sweepId }) =>
    create(GetSweepResponseSchema, {
      sweep: await sweepMessage(ports, await requireSweep(ports.store, sweepId)),
      trials: await trialMessages(ports.store, sweepId),
    }),
  watchSweep: ({ sweepId }, { signal }) => watch(ports, sweepId, signal),
  planSweep: async ({ request = create(SweepRequestSchema) }) =>
    planSweep(ports.store, ports.leaseMs, await withModule(ports.findModule, request)),
  drainSweep: async ({ sweepId }, { caller: { who } }) =>
    create(DrainSweepResponseSchema, {
      sweep: await sweepMessage(ports, await drain(ports, sweepId, who)),
    }),
  cancelSweep: async ({ sweepId }, { caller: { who } }) =>
    create(CancelSweepResponseSchema, {
      sweep: await sweepMessage(ports, await cancel(ports, sweepId, who)),
    }),
});
