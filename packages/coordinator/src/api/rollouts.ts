// RolloutService: translate, and follow a roll-out.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Rollout, RolloutRequestSchema, RolloutSchema, RolloutTargetSchema } from "@ozone/proto/rollout";
import {
  CancelRolloutResponseSchema,
  GetRolloutResponseSchema,
  ListRolloutsResponseSchema,
  PlanRolloutResponseSchema,
  type RolloutService,
  StartRolloutResponseSchema,
  UndoRolloutResponseSchema,
  type WatchRolloutResponse,
  WatchRolloutResponseSchema,
} from "@ozone/proto/rollout_service";
import {
  cancelRollout,
  planRollout,
  requireRollout,
  startRollout,
  undoRollout,
} from "../rollouts/start-rollout.ts";
import type { Store } from "../store/open-store.ts";
import { listRollouts, type RolloutRow, rolloutTargetsOf } from "../store/rollouts.ts";
import type { Handlers } from "./grpc-server.ts";

/** What the handlers need. */
export interface RolloutPorts {
  readonly store: Store;
  readonly leaseMs: number;
  /** Move roll-outs on now. */
  readonly wake: () => void;
  /** Resolves when something may have changed, after a short time at the latest. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
}

const LISTED = 50;

async function describe({ db }: Store, rollout: RolloutRow): Promise<Rollout> {
  const { id, request, state, because, stoppedBecause, createdAt, finishedAt } = rollout;
  const targets = await rolloutTargetsOf(db, id);
  return create(RolloutSchema, {
    ...{ id, request, state },
    because: because === "" ? stoppedBecause : because,
    createdAt: timestampFromDate(createdAt),
    ...(finishedAt === null ? {} : { finishedAt: timestampFromDate(finishedAt) }),
    targets: targets.map(({ outcome, ...target }) => ({
      ...target,
      ...(outcome === null ? {} : { outcome }),
    })),
  });
}

/** A list of many says of each machine only where it stands. */
const inBrief = (rollout: Rollout): Rollout =>
  create(RolloutSchema, {
    ...rollout,
    targets: rollout.targets.map(({ machineId, machineName, position, state }) =>
      create(RolloutTargetSchema, { machineId, machineName, position, state }),
    ),
  });

async function* watch(
  { store, changed }: RolloutPorts,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<WatchRolloutResponse> {
  let last = "";
  for (;;) {
    const row = await requireRollout(store, id);
    const rollout = await describe(store, row);
    const seen = JSON.stringify([
      rollout.state,
      rollout.because,
      rollout.targets.map(({ state, because, activity }) => [state, because, activity]),
    ]);
    if (seen !== last) yield create(WatchRolloutResponseSchema, { rollout });
    last = seen;
    if (row.state !== "running" || signal.aborted) return;
    await changed(signal);
  }
}

/** Handlers of the roll-out service. */
export const rolloutHandlers = (ports: RolloutPorts): Handlers<typeof RolloutService> => {
  const { store, leaseMs, wake } = ports;
  const found = async (id: string) => ({ rollout: await describe(store, await requireRollout(store, id)) });
  return {
    planRollout: async ({ request = create(RolloutRequestSchema) }) => {
      const targets = await planRollout(store, request, leaseMs);
      return create(PlanRolloutResponseSchema, { rollout: { request, state: "planned", targets } });
    },
    startRollout: async ({ request = create(RolloutRequestSchema) }, { caller: { who } }) => {
      const id = await startRollout(store, request, { leaseMs, who });
      wake();
      return create(StartRolloutResponseSchema, await found(id));
    },
    listRollouts: async ({ limit }) => {
      const rows = await listRollouts(store.db, limit || LISTED);
      return create(ListRolloutsResponseSchema, {
        rollouts: (await Promise.all(rows.map((row) => describe(store, row)))).map(inBrief),
      });
    },
    getRollout: async ({ rolloutId }) => create(GetRolloutResponseSchema, await found(rolloutId)),
    watchRollout: ({ rolloutId }, { signal }) => watch(ports, rolloutId, signal),
    cancelRollout: async ({ rolloutId, keepKept }, { caller: { who } }) => {
      await cancelRollout(store, rolloutId, { keepKept, who });
      wake();
      return create(CancelRolloutResponseSchema, await found(rolloutId));
    },
    undoRollout: async ({ rolloutId }, { caller: { who } }) => {
      await undoRollout(store, rolloutId, who);
      wake();
      return create(UndoRolloutResponseSchema, await found(rolloutId));
    },
  };
};
