// Every command by the words that are typed for it. oclif takes this map as it is (package.json, "oclif").
import type { Command } from "@oclif/core";
import AuditList from "./commands/audit/list.ts";
import BackupCheck from "./commands/backup/check.ts";
import BackupMake from "./commands/backup/make.ts";
import BackupRestore from "./commands/backup/restore.ts";
import CertificateMake from "./commands/certificate/make.ts";
import CertificateRotate from "./commands/certificate/rotate.ts";
import CertificateShow from "./commands/certificate/show.ts";
import Doctor from "./commands/doctor.ts";
import Down from "./commands/down.ts";
import EnrollTokenCreate from "./commands/enroll/token/create.ts";
import EnrollTokenList from "./commands/enroll/token/list.ts";
import EnrollTokenWithdraw from "./commands/enroll/token/withdraw.ts";
import Export from "./commands/export.ts";
import MachineApprove from "./commands/machine/approve.ts";
import MachineBudget from "./commands/machine/budget.ts";
import MachineDrain from "./commands/machine/drain.ts";
import MachineHours from "./commands/machine/hours.ts";
import MachineList from "./commands/machine/list.ts";
import MachinePause from "./commands/machine/pause.ts";
import MachineRemove from "./commands/machine/remove.ts";
import MachineRename from "./commands/machine/rename.ts";
import MachineResume from "./commands/machine/resume.ts";
import MachineRevoke from "./commands/machine/revoke.ts";
import MachineShow from "./commands/machine/show.ts";
import MachineTag from "./commands/machine/tag.ts";
import MachineUntag from "./commands/machine/untag.ts";
import ModelAdvise from "./commands/model/advise.ts";
import ModelPull from "./commands/model/pull.ts";
import ModelPulls from "./commands/model/pulls.ts";
import NotificationList from "./commands/notification/list.ts";
import NotificationTest from "./commands/notification/test.ts";
import PresetApply from "./commands/preset/apply.ts";
import PresetExport from "./commands/preset/export.ts";
import PresetList from "./commands/preset/list.ts";
import PresetRollback from "./commands/preset/rollback.ts";
import PresetRollout from "./commands/preset/rollout.ts";
import PresetShow from "./commands/preset/show.ts";
import QuarantineDrop from "./commands/quarantine/drop.ts";
import QuarantineList from "./commands/quarantine/list.ts";
import QuarantineRetry from "./commands/quarantine/retry.ts";
import QuarantineShow from "./commands/quarantine/show.ts";
import Quickstart from "./commands/quickstart.ts";
import ReportBuild from "./commands/report/build.ts";
import ReportVerify from "./commands/report/verify.ts";
import RolloutCancel from "./commands/rollout/cancel.ts";
import RolloutList from "./commands/rollout/list.ts";
import RolloutShow from "./commands/rollout/show.ts";
import RolloutUndo from "./commands/rollout/undo.ts";
import RolloutWatch from "./commands/rollout/watch.ts";
import ScheduleCreate from "./commands/schedule/create.ts";
import ScheduleList from "./commands/schedule/list.ts";
import SchedulePause from "./commands/schedule/pause.ts";
import ScheduleRemove from "./commands/schedule/remove.ts";
import ScheduleResume from "./commands/schedule/resume.ts";
import ScheduleRun from "./commands/schedule/run.ts";
import ScheduleShow from "./commands/schedule/show.ts";
import Status from "./commands/status.ts";
import SweepCancel from "./commands/sweep/cancel.ts";
import SweepDrain from "./commands/sweep/drain.ts";
import SweepList from "./commands/sweep/list.ts";
import SweepNames from "./commands/sweep/names.ts";
import SweepPlan from "./commands/sweep/plan.ts";
import SweepRun from "./commands/sweep/run.ts";
import SweepShow from "./commands/sweep/show.ts";
import SweepWatch from "./commands/sweep/watch.ts";
import TokenCreate from "./commands/token/create.ts";
import TokenList from "./commands/token/list.ts";
import TokenRevoke from "./commands/token/revoke.ts";
import Up from "./commands/up.ts";

/** Ids as oclif wants them, the words joined with colons. */
export const COMMANDS: Readonly<Record<string, Command.Class>> = {
  "audit:list": AuditList,
  "backup:check": BackupCheck,
  "backup:make": BackupMake,
  "backup:restore": BackupRestore,
  "certificate:make": CertificateMake,
  "certificate:rotate": CertificateRotate,
  "certificate:show": CertificateShow,
  doctor: Doctor,
  down: Down,
  "enroll:token:create": EnrollTokenCreate,
  "enroll:token:list": EnrollTokenList,
  "enroll:token:withdraw": EnrollTokenWithdraw,
  export: Export,
  "machine:approve": MachineApprove,
  "machine:budget": MachineBudget,
  "machine:drain": MachineDrain,
  "machine:hours": MachineHours,
  "machine:list": MachineList,
  "machine:pause": MachinePause,
  "machine:remove": MachineRemove,
  "machine:rename": MachineRename,
  "machine:resume": MachineResume,
  "machine:revoke": MachineRevoke,
  "machine:show": MachineShow,
  "machine:tag": MachineTag,
  "machine:untag": MachineUntag,
  "model:advise": ModelAdvise,
  "notification:list": NotificationList,
  "notification:test": NotificationTest,
  "model:pull": ModelPull,
  "model:pulls": ModelPulls,
  "preset:apply": PresetApply,
  "preset:export": PresetExport,
  "preset:list": PresetList,
  "preset:rollback": PresetRollback,
  "preset:rollout": PresetRollout,
  "preset:show": PresetShow,
  "quarantine:drop": QuarantineDrop,
  "quarantine:list": QuarantineList,
  "quarantine:retry": QuarantineRetry,
  "quarantine:show": QuarantineShow,
  quickstart: Quickstart,
  "report:build": ReportBuild,
  "report:verify": ReportVerify,
  "rollout:cancel": RolloutCancel,
  "rollout:list": RolloutList,
  "rollout:show": RolloutShow,
  "rollout:undo": RolloutUndo,
  "rollout:watch": RolloutWatch,
  "schedule:create": ScheduleCreate,
  "schedule:list": ScheduleList,
  "schedule:pause": SchedulePause,
  "schedule:remove": ScheduleRemove,
  "schedule:resume": ScheduleResume,
  "schedule:run": ScheduleRun,
  "schedule:show": ScheduleShow,
  status: Status,
  "sweep:cancel": SweepCancel,
  "sweep:drain": SweepDrain,
  "sweep:list": SweepList,
  "sweep:names": SweepNames,
  "sweep:plan": SweepPlan,
  "sweep:run": SweepRun,
  "sweep:show": SweepShow,
  "sweep:watch": SweepWatch,
  "token:create": TokenCreate,
  "token:list": TokenList,
  "token:revoke": TokenRevoke,
  up: Up,
};
