// ScheduleService: translate only.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Schedule, ScheduleSchema } from "@ozone/proto/schedule";
import {
  CreateScheduleResponseSchema,
  GetScheduleResponseSchema,
  ListSchedulesResponseSchema,
  PauseScheduleResponseSchema,
  RemoveScheduleResponseSchema,
  ResumeScheduleResponseSchema,
  RunScheduleResponseSchema,
  type ScheduleService,
} from "@ozone/proto/schedule_service";
import { SweepRequestSchema } from "@ozone/proto/sweep";
import { nextOccurrence } from "../schedules/occurrences.ts";
import {
  createSchedule,
  pauseSchedule,
  removeSchedule,
  requireSchedule,
  runSchedule,
} from "../schedules/set-schedule.ts";
import type { Store } from "../store/open-store.ts";
import { listSchedules, newestRuns, nowOf, type ScheduleRow } from "../store/schedules.ts";
import type { Handlers } from "./grpc-server.ts";
import { type FindModule, withModule } from "./with-module.ts";

/** What the handlers need. */
export interface SchedulePorts {
  readonly store: Store;
  readonly leaseMs: number;
  /** Something changed: plan and dispatch now. */
  readonly wake: () => void;
  readonly findModule: FindModule;
}

const RUNS_LISTED = 1;
const RUNS_SHOWN = 20;

async function describe({ store }: SchedulePorts, row: ScheduleRow, limit: number): Promise<Schedule> {
  const { pausedAt, createdAt, windowMs, lateMs, since: _, ...same } = row;
  const next = pausedAt === null ? nextOccurrence(row, await nowOf(store.db)) : null;
  const runs = await newestRuns(store.db, row.name, limit);
  return create(ScheduleSchema, {
    ...same,
    windowMs: BigInt(windowMs),
    lateMs: BigInt(lateMs),
    paused: pausedAt !== null,
    createdAt: timestampFromDate(createdAt),
    ...(next === null ? {} : { nextAt: timestampFromDate(next) }),
    runs: runs.map(({ dueAt, outcome, because, sweepId, sweepState }) => ({
      ...{ outcome, because, dueAt: timestampFromDate(dueAt) },
      ...{ sweepId: sweepId ?? "", sweepState: sweepState ?? "" },
    })),
  });
}

async function createOne(ports: SchedulePorts, asked: Schedule, who: string): Promise<ScheduleRow> {
  const { name, cron, timeZone, windowMs, lateMs, request = create(SweepRequestSchema) } = asked;
  const found = await withModule(ports.findModule, request);
  const times = { windowMs: Number(windowMs), lateMs: Number(lateMs) };
  return createSchedule(ports.store, { name, cron, timeZone, request: found, ...times }, who);
}

/** Handlers of the schedule service. */
export function scheduleHandlers(ports: SchedulePorts): Handlers<typeof ScheduleService> {
  const { store, leaseMs, wake } = ports;
  const shown = (row: ScheduleRow) => describe(ports, row, RUNS_SHOWN);
  return {
    createSchedule: async ({ schedule = create(ScheduleSchema) }, { caller }) => {
      const row = await createOne(ports, schedule, caller.who);
      return create(CreateScheduleResponseSchema, { schedule: await shown(row) });
    },
    listSchedules: async () =>
      create(ListSchedulesResponseSchema, {
        schedules: await Promise.all(
          (await listSchedules(store.db)).map((row) => describe(ports, row, RUNS_LISTED)),
        ),
      }),
    getSchedule: async ({ name }) =>
      create(GetScheduleResponseSchema, { schedule: await shown(await requireSchedule(store, name)) }),
    pauseSchedule: async ({ name }, { caller }) => {
      const row = await pauseSchedule(store, name, { paused: true, who: caller.who });
      return create(PauseScheduleResponseSchema, { schedule: await shown(row) });
    },
    resumeSchedule: async ({ name }, { caller }) => {
      const row = await pauseSchedule(store, name, { paused: false, who: caller.who });
      return create(ResumeScheduleResponseSchema, { schedule: await shown(row) });
    },
    removeSchedule: async ({ name }, { caller }) => {
      await removeSchedule(store, name, caller.who);
      return create(RemoveScheduleResponseSchema);
    },
    runSchedule: async ({ name }, { caller: { who } }) => {
      const sweepId = await runSchedule(store, name, { leaseMs, who });
      wake();
      const schedule = await shown(await requireSchedule(store, name));
      return create(RunScheduleResponseSchema, { schedule, sweepId });
    },
  };
}
