// All gRPC services, put together from the rooms.
import { readFile } from "node:fs/promises";
import { EnrolmentService } from "@ozone/proto/enrolment_service";
import { Health } from "@ozone/proto/health";
import { IdentityService } from "@ozone/proto/identity_service";
import { MachineService } from "@ozone/proto/machine_service";
import { NotificationService } from "@ozone/proto/notification_service";
import { PresetService } from "@ozone/proto/preset_service";
import { PullService } from "@ozone/proto/pull_service";
import { QuarantineService } from "@ozone/proto/quarantine_service";
import { ReportService } from "@ozone/proto/report_service";
import { RolloutService } from "@ozone/proto/rollout_service";
import { ScheduleService } from "@ozone/proto/schedule_service";
import { SweepService } from "@ozone/proto/sweep_service";
import { TokenService } from "@ozone/proto/token_service";
import { dropWork } from "@ozone/shared/bus";
import { enrolmentHandlers } from "./api/enrolment.ts";
import { addService, type GrpcServer } from "./api/grpc-server.ts";
import { healthHandlers } from "./api/health.ts";
import { identityHandlers } from "./api/identities.ts";
import { machineHandlers } from "./api/machines.ts";
import { notificationHandlers } from "./api/notifications.ts";
import { presetHandlers, reportHandlers } from "./api/presets.ts";
import { pullHandlers } from "./api/pulls.ts";
import { quarantineHandlers } from "./api/quarantine.ts";
import { rolloutHandlers } from "./api/rollouts.ts";
import { scheduleHandlers } from "./api/schedules.ts";
import { sweepHandlers } from "./api/sweeps.ts";
import { tokenHandlers } from "./api/tokens.ts";
import type { ChangeSignal } from "./change-signal.ts";
import { createChallenges } from "./fleet/challenge.ts";
import { type Arrival, busUrlFor, type WayIn } from "./fleet/ways-in.ts";
import type { LedTasks } from "./led-tasks.ts";
import type { Endpoint } from "./notifications/endpoint.ts";
import type { Parts } from "./open-parts.ts";
import { findModule, type ModuleRules } from "./plug-ins/find-module.ts";

const WATCH_INTERVAL_MS = 500;

/** Everything that the services stand on. */
export interface Running extends Parts {
  readonly tasks: LedTasks;
  readonly changes: ChangeSignal;
  readonly leaseMs: number;
  readonly modules: ModuleRules;
  /** As the holder of the lead is called in Postgres. */
  readonly coordinatorId: string;
  /** Where notifications go; null: nowhere. */
  readonly endpoint: Endpoint | null;
  readonly onError: (name: string, thrown: unknown) => void;
}

/** Who may be in the fleet: for agents, and for administrators. */
function addAdmission(server: GrpcServer, running: Running, wayIn: () => Promise<WayIn>): void {
  const { store, bus, admission, natsCa } = running;
  const { admit, enforced } = admission;
  const enrolling = {
    ...{ store, challenges: createChallenges(), admit },
    busUrl: (arrival: Arrival) => busUrlFor(admission.bus, arrival),
    busCa: async () => (natsCa === null ? "" : readFile(natsCa, "utf8")),
  };
  addService(server, EnrolmentService, enrolmentHandlers(enrolling));
  const drop = (machineId: string) => dropWork(bus, machineId);
  addService(server, IdentityService, identityHandlers({ store, enforced, admit, dropWork: drop, wayIn }));
}

/** What services say about the coordinator itself. */
export interface Serving {
  readonly startedAtMs: number;
  readonly wayIn: () => Promise<WayIn>;
}

/** Adds all services to a gRPC server. */
export const addServices =
  (running: Running, { startedAtMs, wayIn }: Serving) =>
  (server: GrpcServer) => {
    const { store, tasks, changes, leaseMs, modules, words, coordinatorId } = running;
    addAdmission(server, running, wayIn);
    const changed = (signal: AbortSignal) => changes.next(signal, WATCH_INTERVAL_MS);
    const find = (name: string) => findModule(name, modules);
    addService(
      server,
      SweepService,
      sweepHandlers({ store, leaseMs, wake: tasks.wake, changed, findModule: find }),
    );
    const scheduling = { store, leaseMs, wake: tasks.wake, findModule: find };
    addService(server, ScheduleService, scheduleHandlers(scheduling));
    const parts = { ...words, startedAtMs };
    addService(
      server,
      MachineService,
      machineHandlers(store, { parts, leaseMs, coordinatorId, now: () => performance.now() }),
    );
    addService(server, PresetService, presetHandlers(store));
    addService(server, ReportService, reportHandlers(store, leaseMs));
    addService(server, RolloutService, rolloutHandlers({ store, leaseMs, wake: tasks.wake, changed }));
    addService(server, Health, healthHandlers({ leads: tasks.candidacy.leads }));
    addService(server, PullService, pullHandlers(store));
    addService(server, QuarantineService, quarantineHandlers({ store, counted: tasks.resultCounted }));
    addService(server, NotificationService, notificationHandlers({ store, endpoint: running.endpoint }));
    addService(server, TokenService, tokenHandlers(store));
  };
