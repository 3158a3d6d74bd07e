// PullService: translate only.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Pull, PullSchema } from "@ozone/proto/pull";
import {
  CancelPullResponseSchema,
  ListPullsResponseSchema,
  type PullService,
  StartPullResponseSchema,
} from "@ozone/proto/pull_service";
import { cancelPull, startPull } from "../fleet/pull-models.ts";
import { machinesById } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { listPulls, type PullRow } from "../store/pulls.ts";
import type { Handlers } from "./grpc-server.ts";

const LISTED = 50;
const LISTED_MAX = 1_000;

async function describePulls(store: Store, rows: readonly PullRow[]): Promise<Pull[]> {
  const machines = await machinesById(store.db, [...new Set(rows.map(({ machineId }) => machineId))]);
  const names = new Map(machines.map(({ id, announcement }) => [id, announcement.name]));
  return rows.map(({ createdAt, endedAt, completedBytes, totalBytes, expectedDigest: _, ...row }) =>
    create(PullSchema, {
      ...row,
      machineName: names.get(row.machineId) ?? row.machineId,
      completedBytes: BigInt(completedBytes),
      totalBytes: BigInt(totalBytes),
      createdAt: timestampFromDate(createdAt),
      ...(endedAt ? { endedAt: timestampFromDate(endedAt) } : {}),
    }),
  );
}

/** Handlers of the pull service. */
export const pullHandlers = (store: Store): Handlers<typeof PullService> => {
  const one = async (row: PullRow) => ({ pull: (await describePulls(store, [row]))[0] as Pull });
  return {
    startPull: async ({ machineId, model }, { caller: { who } }) =>
      create(StartPullResponseSchema, await one(await startPull(store, { machineId, model, who }))),
    listPulls: async ({ pullIds, limit }) => {
      const rows = await listPulls(store.db, pullIds, Math.min(limit || LISTED, LISTED_MAX));
      return create(ListPullsResponseSchema, { pulls: await describePulls(store, rows) });
    },
    cancelPull: async ({ pullId }, { caller: { who } }) =>
      create(CancelPullResponseSchema, await one(await cancelPull(store, pullId, who))),
  };
};
