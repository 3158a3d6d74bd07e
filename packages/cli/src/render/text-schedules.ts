// Schedules as text for a terminal; times in the schedule's own time zone.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Schedule, ScheduleRun } from "@ozone/proto/schedule";
import type { SweepRequest } from "@ozone/proto/sweep";
import { hoursWords } from "@ozone/shared/time-budget";
import { cleanText } from "./clean-text.ts";
import { textPairs, textTable } from "./text-table.ts";

/** "2026-11-28 02:00"; a zone that this machine does not know is read as UTC, and said. */
function timeText(at: Timestamp | undefined, timeZone: string): string {
  if (!at) return "-";
  const style = { dateStyle: "short", timeStyle: "short" } as const;
  try {
    return new Intl.DateTimeFormat("sv-SE", { ...style, timeZone }).format(timestampDate(at));
  } catch {
    return `${new Intl.DateTimeFormat("sv-SE", { ...style, timeZone: "UTC" }).format(timestampDate(at))} UTC`;
  }
}

const runWords = ({ outcome, sweepId, sweepState }: ScheduleRun): string =>
  sweepId === "" ? cleanText(outcome) : `${cleanText(sweepId)} ${cleanText(sweepState) || "gone"}`;

/** A table of schedules. */
export function schedulesText(schedules: readonly Schedule[]): string {
  if (schedules.length === 0)
    return 'There is no schedule yet; `ozone schedule create nightly --cron "0 2 * * *"` makes one.\n';
  const headings = ["SCHEDULE", "CRON", "TIME ZONE", "NEXT", "LAST"];
  return textTable(
    headings.map((heading) => ({ heading })),
    schedules.map(({ name, cron, timeZone, paused, nextAt, runs }) => [
      cleanText(name),
      cleanText(cron),
      cleanText(timeZone),
      paused ? "paused" : timeText(nextAt, timeZone),
      runs[0] ? runWords(runs[0]) : "-",
    ]),
  );
}

const listText = (words: readonly string[], otherwise: string): string =>
  words.length === 0 ? otherwise : words.map((word) => cleanText(word)).join(", ");

/** Which machines its sweeps mean. */
function machinesWords(request: SweepRequest | undefined): string {
  const { machines = [], tags = [], classes = [], where = "" } = request ?? {};
  const narrowed = [
    ...(tags.length > 0
      ? [`with ${tags.length === 1 ? "the tag" : "all of the tags"} ${listText(tags, "")}`]
      : []),
    ...(classes.length > 0 ? [`of the class ${classes.map((one) => cleanText(one)).join(" or ")}`] : []),
    ...(where === "" ? [] : [`where ${cleanText(where)}`]),
  ];
  return [listText(machines, "all that are online then"), ...narrowed].join(", ");
}

/** One schedule with its latest times. */
export function scheduleText(schedule: Schedule): string {
  const { name, cron, timeZone, paused, nextAt, windowMs, lateMs, request, runs } = schedule;
  const head = textPairs([
    ["schedule", cleanText(name)],
    ["when", `${cleanText(cron)} in ${cleanText(timeZone)}`],
    ["next", paused ? "paused; `ozone schedule resume` goes on" : timeText(nextAt, timeZone)],
    ["window", windowMs === 0n ? "none: each sweep goes on until it is done" : hoursWords(Number(windowMs))],
    ["late", `${hoursWords(Number(lateMs))} at most`],
    ["strategy", cleanText(request?.strategy ?? "") || "quick"],
    ["models", listText(request?.models ?? [], "the smallest that fits on each machine")],
    ["machines", machinesWords(request)],
  ]);
  if (runs.length === 0) return `${head}\nIt was not due yet.\n`;
  const rows = runs.map((run) => [timeText(run.dueAt, timeZone), runWords(run), cleanText(run.because)]);
  const table = textTable([{ heading: "DUE" }, { heading: "BECAME" }, { heading: "" }], rows);
  return `${head}\n${table}`;
}
