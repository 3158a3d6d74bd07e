// MachineService: translate only.
import { create } from "@bufbuild/protobuf";
import {
  BudgetMachineResponseSchema,
  GetStatusResponseSchema,
  ListMachinesResponseSchema,
  type MachineService,
  PauseMachineResponseSchema,
  RenameMachineResponseSchema,
  ResumeMachineResponseSchema,
  SetMachineHoursResponseSchema,
  TagMachineResponseSchema,
  UntagMachineResponseSchema,
} from "@ozone/proto/machine_service";
import { PROTOCOL_VERSION } from "@ozone/shared/protocol-version";
import { OZONE_VERSION } from "@ozone/shared/version";
import { budgetMachine, pauseMachine, renameMachine, setMachineHours } from "../fleet/set-machine.ts";
import { changeTags, type TagChange } from "../fleet/tag-machine.ts";
import { leasedTrials } from "../store/attempts.ts";
import { describeMachine, isOnline, withBudget } from "../store/describe-machine.ts";
import { readLead } from "../store/leadership.ts";
import { listMachines } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { countPresets } from "../store/presets.ts";
import { timeBudgets } from "../store/spent-time.ts";
import { runningSweeps } from "../store/sweeps.ts";
import type { Handlers } from "./grpc-server.ts";

/** What the status says of the parts, in words. */
export interface Parts {
  readonly database: string;
  readonly bus: string;
  readonly startedAtMs: number;
}

/** Who leads, as Postgres has it. */
async function leaderOf({ db }: Store, coordinatorId: string) {
  const lead = await readLead(db);
  if (lead === null || lead.term === 0) return {};
  const { name, term, holder, leftMs } = lead;
  const lapsedMs = BigInt(Math.max(0, Math.round(-leftMs)));
  return { leader: { name, term: BigInt(term), isThisOne: holder === coordinatorId, lapsedMs } };
}

/** Handlers of the machine service. */
export const machineHandlers = (
  store: Store,
  options: { parts: Parts; leaseMs: number; coordinatorId: string; now: () => number },
): Handlers<typeof MachineService> => {
  const changed = async (change: TagChange) => ({
    machine: describeMachine(await changeTags(store, change), options.leaseMs),
  });
  const paused = async (machineId: string, change: { paused: boolean; who: string }) => {
    const row = await pauseMachine(store, machineId, change);
    return row ? { machine: describeMachine(row, options.leaseMs) } : {};
  };
  return {
    listMachines: async () => {
      const [leased, budgets] = [await leasedTrials(store.db), await timeBudgets(store.db)];
      const rows = (await listMachines(store.db)).filter(({ admission }) => admission !== "removed");
      const machines = rows.map((row) => ({
        ...withBudget(describeMachine(row, options.leaseMs), budgets.get(row.id)),
        trialId: leased.get(row.id) ?? "",
      }));
      return create(ListMachinesResponseSchema, { machines });
    },
    getStatus: async () => {
      const machines = await listMachines(store.db);
      const { database, bus, startedAtMs } = options.parts;
      return create(GetStatusResponseSchema, {
        version: OZONE_VERSION,
        database,
        bus,
        machinesOnline: machines.filter((row) => isOnline(row, options.leaseMs)).length,
        sweepsRunning: (await runningSweeps(store.db)).length,
        presets: await countPresets(store.db),
        protocolVersion: PROTOCOL_VERSION,
        uptimeMs: BigInt(Math.round(options.now() - startedAtMs)),
        ...(await leaderOf(store, options.coordinatorId)),
      });
    },
    tagMachine: async ({ machineId, tags }, { caller: { who } }) =>
      create(TagMachineResponseSchema, await changed({ machineId, add: tags, who })),
    untagMachine: async ({ machineId, tags }, { caller: { who } }) =>
      create(UntagMachineResponseSchema, await changed({ machineId, remove: tags, who })),
    pauseMachine: async ({ machineId }, { caller: { who } }) =>
      create(PauseMachineResponseSchema, await paused(machineId, { paused: true, who })),
    resumeMachine: async ({ machineId }, { caller: { who } }) =>
      create(ResumeMachineResponseSchema, await paused(machineId, { paused: false, who })),
    budgetMachine: async ({ machineId, dailyBudgetMs }, { caller: { who } }) => {
      await budgetMachine(store, machineId, { dailyMs: dailyBudgetMs, who });
      return create(BudgetMachineResponseSchema, { machineId, dailyBudgetMs });
    },
    setMachineHours: async ({ machineId, hours }, { caller: { who } }) => {
      const set = await setMachineHours(store, machineId, { asked: hours ?? null, who });
      return create(SetMachineHoursResponseSchema, {
        machineId,
        ...(set ? { hours: { allow: [...set.allow], timeZone: set.timeZone } } : {}),
      });
    },
    renameMachine: async ({ machineId, name }, { caller: { who } }) => {
      await renameMachine(store, machineId, { name, who });
      return create(RenameMachineResponseSchema, { machineId, name });
    },
  };
};
