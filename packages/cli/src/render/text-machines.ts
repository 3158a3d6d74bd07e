// Machines and the coordinator itself, as text for a terminal.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Machine } from "@ozone/proto/machine";
import type { GetStatusResponse } from "@ozone/proto/machine_service";
import { hoursText } from "@ozone/shared/machine-hours";
import { hoursWords } from "@ozone/shared/time-budget";
import { formatBytes, formatDuration } from "@ozone/shared/units";
import { waitReasonOf } from "@ozone/shared/wait-message";
import { waitWords } from "@ozone/shared/wait-reason";
import { cleanText } from "./clean-text.ts";
import { factsWords } from "./machine-words.ts";
import { engineWords } from "./names.ts";
import { textPairs, textTable } from "./text-table.ts";

const MODELS_SHOWN = 3;
const TAGS_SHOWN = 4;

/** A table of machines, with a line below for each that has no engine to measure or may not read something. */
export function machinesText(machines: readonly Machine[]): string {
  if (machines.length === 0) return "No machine has announced itself yet; `ozone up` starts an agent here.\n";
  const rows = machines.map((machine) => [
    machine.id,
    machine.name,
    statusOf(machine),
    machine.hardwareClass,
    firstOf(machine.tags, TAGS_SHOWN) || "-",
    machine.engineProblem ? "none" : engineWords(machine.engine),
    modelNames(machine),
    activityOf(machine),
  ]);
  const headings = ["MACHINE", "NAME", "STATUS", "HARDWARE CLASS", "TAGS", "ENGINE", "MODELS", "ACTIVITY"];
  const problems = machines.flatMap(({ id, versionProblem, engineProblem, managedProblem }) =>
    [versionProblem, engineProblem, managedProblem]
      .filter(Boolean)
      .map((problem) => `${cleanText(id)}: ${cleanText(problem)}\n`),
  );
  return (
    textTable(
      headings.map((heading) => ({ heading })),
      rows,
    ) +
    problems.join("") +
    machines.map(accessLine).join("")
  );
}

/** Why it does nothing says more than that it does nothing. */
const activityOf = ({ waits: [reason], activity }: Machine): string =>
  reason && (activity === "" || activity === "idle" || activity === "paused" || activity.startsWith("waits:"))
    ? waitWords(waitReasonOf(reason), Date.now())
    : activity || "-";

/** What its owner lets Ozone pull; nothing where nothing was agreed. */
const consentPairs = ({ pullConsent }: Machine): (readonly [string, string])[] => {
  if (!pullConsent) return [];
  const { usedBytes, diskBytes, mirror, models } = pullConsent;
  const room = `${formatBytes(Number(usedBytes))} of ${formatBytes(Number(diskBytes))}`;
  const what = models.length === 0 ? "" : `: ${models.map((name) => cleanText(name, 60)).join(", ")}`;
  return [["pulled by Ozone", `${room}${what}${mirror === "" ? "" : `; from ${cleanText(mirror, 80)}`}`]];
};

/** The first stands for the activity, or beside it while something is still done. */
const waitsAfterTheFirst = (machine: Machine): (readonly [string, string])[] => {
  const now = Date.now();
  const said = activityOf(machine);
  const words = machine.waits.map((reason) => waitWords(waitReasonOf(reason), now));
  return words
    .filter((line) => line !== said)
    .map((line) => ["waits", cleanText(line.replace(/^waits: /, ""))]);
};

/** "4 h in 24 h, 1 h 12 min used". */
export const budgetWords = ({ dailyBudgetMs, dailyUsedMs }: Machine): string =>
  dailyBudgetMs === 0
    ? "none"
    : `${hoursWords(dailyBudgetMs)} in 24 h, ${dailyUsedMs === 0 ? "none" : hoursWords(dailyUsedMs)} used`;

/** A machine that is barred is not just away, and one that is paused is not just idle. */
const statusOf = ({ status, admission, paused }: Machine): string => {
  if (admission !== "" && admission !== "approved") return admission;
  return paused ? (status === "online" ? "paused" : `${status}, paused`) : status;
};

/** What became of a machine that was paused or resumed. */
export const pausedText = (name: string, paused: boolean): string =>
  paused
    ? `${cleanText(name)} is paused: it ends the trial in hand and takes no further one\n`
    : `${cleanText(name)} takes trials again\n`;

/** What became of a machine's hours. */
export const hoursSetText = (name: string, hours: Machine["hours"]): string =>
  hours
    ? `${cleanText(name)} runs trials ${cleanText(hoursText(hours), 400)}\n`
    : `${cleanText(name)} runs trials at any time\n`;

/** What became of a machine's budget. */
export const budgetSetText = (name: string, dailyMs: number): string =>
  dailyMs === 0
    ? `${cleanText(name)} runs trials as long as there are some\n`
    : `${cleanText(name)} runs trials for ${hoursWords(dailyMs)} in any 24 hours\n`;

/** The first of what an agent may not read; a whole fleet's list would bury the table. */
function accessLine({ id, accessProblems: [first, ...others] }: Machine): string {
  if (first === undefined) return "";
  const more = others.length > 0 ? ` And ${others.length} more (\`--json\` lists them).` : "";
  return `${cleanText(id)}: ${cleanText(first)}${more}\n`;
}

const modelNames = ({ models }: Machine): string =>
  firstOf(
    models.map(({ name }) => name),
    MODELS_SHOWN,
  ) || "none";

function firstOf(names: readonly string[], shownMax: number): string {
  const shown = names.slice(0, shownMax).map((name) => cleanText(name, 60));
  const more = names.length > shownMax ? [`${names.length - shownMax} more`] : [];
  return [...shown, ...more].join(", ");
}

/** What a machine carries after a change of its tags. */
export const tagsText = ({ name, tags }: Machine): string =>
  `${cleanText(name)} carries ${tags.map((tag) => cleanText(tag, 60)).join(", ") || "no tag"}\n`;

/** A coordinator of 0.1.0 does not say it. */
const protocolWords = ({ protocolVersion }: Machine): string =>
  protocolVersion === 0 ? "" : `, protocol ${protocolVersion}`;

/** One machine with all that the table has no room for. */
export function machineText(machine: Machine): string {
  const { id, name, lastSeenAt, hardwareClass, tags, models, agentVersion } = machine;
  const problems = [
    machine.versionProblem,
    machine.engineProblem,
    machine.managedProblem,
    ...machine.accessProblems,
  ];
  const seen = lastSeenAt ? timestampDate(lastSeenAt).toISOString().slice(0, 19).replace("T", " ") : "";
  return textPairs([
    ["machine", cleanText(id)],
    ["name", cleanText(name)],
    ["status", `${cleanText(statusOf(machine))}${seen === "" ? "" : `, last heard ${seen} UTC`}`],
    ["hardware class", cleanText(hardwareClass)],
    ["what it is", factsWords(machine)],
    ["tags", tags.map((tag) => cleanText(tag, 60)).join(", ") || "none"],
    ["engine", machine.engineProblem ? "none" : engineWords(machine.engine)],
    ["agent", `${cleanText(agentVersion, 40)}${protocolWords(machine)}`],
    ["models", models.map((model) => cleanText(model.name, 60)).join(", ") || "none"],
    ...consentPairs(machine),
    ["activity", cleanText(activityOf(machine))],
    ...waitsAfterTheFirst(machine),
    ...(machine.dailyBudgetMs > 0 ? [["budget", budgetWords(machine)] as const] : []),
    ...(machine.hours ? [["hours", cleanText(hoursText(machine.hours), 400)] as const] : []),
    ...problems.filter(Boolean).map((problem) => ["look at", cleanText(problem, 1_200)] as const),
  ]);
}

/** Of several coordinators one leads. A coordinator of before 0.2 does not say it. */
function leaderWords({ leader }: GetStatusResponse): string {
  if (leader === undefined) return "not said";
  const { name, term, isThisOne, lapsedMs } = leader;
  const ended = lapsedMs > 0n ? `, but its lease ended ${formatDuration(Number(lapsedMs))} ago` : "";
  return `${isThisOne ? "this coordinator" : cleanText(name, 80)}, term ${term}${ended}`;
}

/** The coordinator and its parts. */
export function statusText(status: GetStatusResponse, address: string): string {
  return textPairs([
    [
      "coordinator",
      `${cleanText(status.version)} at ${address}, up ${formatDuration(Number(status.uptimeMs))}`,
    ],
    ["leader", leaderWords(status)],
    ["database", cleanText(status.database)],
    ["bus", cleanText(status.bus)],
    ["machines online", String(status.machinesOnline)],
    ["sweeps running", String(status.sweepsRunning)],
    ["presets", String(status.presets)],
  ]);
}
