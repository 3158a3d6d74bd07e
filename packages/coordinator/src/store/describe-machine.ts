// A machine's row as the API shows it.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Machine, MachineSchema } from "@ozone/proto/machine";
import { parseMachineFacts } from "@ozone/shared/machine-facts";
import { hoursReason } from "@ozone/shared/machine-hours";
import { spokenBy, versionProblem } from "@ozone/shared/protocol-version";
import type { CurrentMachine } from "@ozone/shared/stale-preset";
import { budgetReason, usedMs } from "@ozone/shared/time-budget";
import { waitMessage } from "@ozone/shared/wait-message";
import type { MachineRow } from "./machines.ts";
import type { TimeBudget } from "./spent-time.ts";

/** A machine that was heard within one lease. */
export const isOnline = (machine: MachineRow, leaseMs: number): boolean => machine.silentMs < leaseMs;

/** Row to message; `leaseMs` is how long silence may last before a machine counts as offline. */
export function describeMachine(row: MachineRow, leaseMs: number): Machine {
  const { announcement } = row;
  const online = isOnline(row, leaseMs);
  return create(MachineSchema, {
    id: row.id,
    name: announcement.name,
    hostId: announcement.hostId,
    hardwareClass: announcement.hardwareClass,
    factsJson: announcement.factsJson,
    ...(announcement.engine ? { engine: announcement.engine } : {}),
    models: announcement.models,
    agentVersion: announcement.agentVersion,
    lastSeenAt: timestampFromDate(row.lastSeenAt),
    status: online ? "online" : "offline",
    activity: online ? row.activity : "",
    engineProblem: announcement.engineProblem,
    defaultThreads: announcement.defaultThreads,
    managedProblem: announcement.managedProblem,
    accessProblems: announcement.accessProblems,
    tags: [...row.tags],
    admission: row.admission ?? "",
    paused: row.paused ?? false,
    versionProblem: versionProblem(announcement) ?? "",
    protocolVersion: spokenBy(announcement.protocolVersion),
    ...(announcement.pullConsent ? { pullConsent: announcement.pullConsent } : {}),
    waits: (online ? [row.waits, hoursReason(row.hours)] : []).flatMap((one) =>
      one ? [waitMessage(one)] : [],
    ),
    ...(row.hours ? { hours: { allow: [...row.hours.allow], timeZone: row.hours.timeZone } } : {}),
  });
}

/** What decides whether presets still hold for it. */
export function currentMachine({ id, announcement }: MachineRow): CurrentMachine {
  const { hardwareClass, engine, engineProblem, models, factsJson } = announcement;
  return { id, hardwareClass, engine, engineProblem, models, changes: changesIn(factsJson) };
}

function changesIn(factsJson: string): CurrentMachine["changes"] {
  try {
    return parseMachineFacts(JSON.parse(factsJson)).changes ?? [];
  } catch {
    return []; // an announcement of another version: its other fields still tell
  }
}

/** With its budget of time, which is a reason to wait when it is used up. */
export function withBudget(machine: Machine, budget: TimeBudget | undefined): Machine {
  if (!budget) return machine;
  const reason = budgetReason(budget.budgetMs, budget.spent);
  return {
    ...machine,
    dailyBudgetMs: budget.budgetMs,
    dailyUsedMs: Math.round(usedMs(budget.spent)),
    waits: [...machine.waits, ...(reason === null ? [] : [waitMessage(reason)])],
  };
}
