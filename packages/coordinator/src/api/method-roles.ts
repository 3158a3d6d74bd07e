// Which role each method asks of a caller from outside: the one table. A method that is not in it is refused.
import type { DescService } from "@bufbuild/protobuf";
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
import type { Role } from "@ozone/shared/roles";

/** A role, or open to callers without a token. */
export type Access = Role | "open";

/** The types demand a line for each method of a service. */
const of = <Service extends DescService>(
  service: Service,
  access: { readonly [Name in keyof Service["method"]]: Access },
): [string, Access][] =>
  service.methods.map((method) => [
    `/${service.typeName}/${method.name}`,
    access[method.localName as keyof Service["method"]],
  ]);

const METHOD_ROLES: ReadonlyMap<string, Access> = new Map([
  ...of(Health, { check: "open", watch: "open" }),
  ...of(MachineService, {
    ...{ listMachines: "viewer", getStatus: "viewer" },
    ...{ tagMachine: "operator", untagMachine: "operator" },
    ...{ budgetMachine: "admin", setMachineHours: "admin" },
    ...{ pauseMachine: "operator", resumeMachine: "operator", renameMachine: "operator" },
  }),
  ...of(PresetService, { listPresets: "viewer" }),
  ...of(ReportService, { buildReport: "viewer" }),
  ...of(SweepService, {
    ...{ listSweeps: "viewer", getSweep: "viewer", watchSweep: "viewer", planSweep: "viewer" },
    ...{ startSweep: "operator", cancelSweep: "operator", drainSweep: "operator" },
  }),
  ...of(ScheduleService, {
    ...{ listSchedules: "viewer", getSchedule: "viewer" },
    ...{ createSchedule: "operator", removeSchedule: "operator", runSchedule: "operator" },
    ...{ pauseSchedule: "operator", resumeSchedule: "operator" },
  }),
  ...of(PullService, { startPull: "operator", listPulls: "viewer", cancelPull: "operator" }),
  ...of(RolloutService, {
    ...{ planRollout: "viewer", listRollouts: "viewer", getRollout: "viewer", watchRollout: "viewer" },
    ...{ startRollout: "operator", cancelRollout: "operator", undoRollout: "operator" },
  }),
  // A machine has no role token: it proves its key, and its enrolment token.
  ...of(EnrolmentService, { getChallenge: "open", enroll: "open", getEnrolment: "open" }),
  ...of(IdentityService, {
    ...{ listIdentities: "viewer", listActs: "admin" },
    ...{ createEnrolmentToken: "admin", listEnrolmentTokens: "admin", withdrawEnrolmentToken: "admin" },
    ...{ approveMachine: "admin", revokeMachine: "admin", removeMachine: "admin" },
  }),
  ...of(QuarantineService, {
    ...{ listQuarantine: "viewer", showQuarantined: "viewer" },
    ...{ retryQuarantined: "operator", dropQuarantined: "admin" },
  }),
  ...of(NotificationService, { listNotifications: "viewer", sendTestNotification: "operator" }),
  ...of(TokenService, { createToken: "admin", listTokens: "admin", revokeToken: "admin" }),
]);

/** What the method at a path ("/ozone.v1.SweepService/StartSweep") asks for; null: it is not in the table. */
export const accessOf = (path: string): Access | null => METHOD_ROLES.get(path) ?? null;
