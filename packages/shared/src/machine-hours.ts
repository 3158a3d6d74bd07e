// When a machine may be used: spans of the week on its wall clock. Pure; time zones by Intl.
import { OzoneError } from "./errors.ts";
import type { WaitReason } from "./wait-reason.ts";

/** As people write it, and as it is stored and sent. */
export interface WrittenHours {
  /** "Mon-Fri 19:00-07:00", in the form that `parseHours` gives back. */
  readonly allow: readonly string[];
  /** IANA name. */
  readonly timeZone: string;
}

/** One span: it begins on each of these days. */
export interface HoursSpan {
  /** 0 is Sunday, as `Date` has it. */
  readonly days: ReadonlySet<number>;
  /** Minutes since midnight, by the wall clock. */
  readonly fromMinute: number;
  /** Minutes since midnight of the first day; over 1440 when the span passes midnight. Not part of it any more. */
  readonly toMinute: number;
}

/** When a machine may be used: within any of the spans. */
export interface MachineHours extends WrittenHours {
  readonly spans: readonly HoursSpan[];
}

const DAY_NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const MONDAY_FIRST = [1, 2, 3, 4, 5, 6, 0] as const;
const DAY_MINUTES = 1_440;
const MINUTE_MS = 60_000;
const SPANS_MAX = 20;
/** A span may lie in the hour that one change of the clocks leaves out: it comes again a week later. */
const LOOK_AHEAD_MS = 15 * DAY_MINUTES * MINUTE_MS;

const bad = (text: string, problem: string): OzoneError =>
  new OzoneError(
    "invalid_input",
    `${JSON.stringify(text.slice(0, 80))} ${problem}; write it like "Mon-Fri 19:00-07:00" or "Sat,Sun 00:00-24:00".`,
  );

function dayOf(text: string, name: string): number {
  const day = DAY_NAMES.findIndex((known) => known.toLowerCase() === name.toLowerCase());
  if (day < 0) throw bad(text, `has no day ${JSON.stringify(name.slice(0, 20))} (Mon, Tue, ... Sun)`);
  return day;
}

function daysOf(text: string, days: string): Set<number> {
  if (days === "") return new Set(MONDAY_FIRST);
  return new Set(
    days.split(",").flatMap((part) => {
      const ends = part.split("-");
      const [first, last] = [dayOf(text, ends[0] ?? ""), dayOf(text, ends.at(-1) ?? "")];
      if (ends.length > 2) throw bad(text, "has a range of days that is none");
      return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7);
    }),
  );
}

function minuteOf(text: string, time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const minute = hours * 60 + minutes;
  if (minutes > 59 || minute > DAY_MINUTES) throw bad(text, `has no time of day at ${JSON.stringify(time)}`);
  return minute;
}

function spanOf(text: string): HoursSpan {
  const [, days = "", from = "", to = ""] =
    /^\s*(?:(\S.*?)\s+)?(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s*$/.exec(text) ?? [];
  if (from === "") throw bad(text, "is no span of hours");
  const [fromMinute, toMinute] = [minuteOf(text, from), minuteOf(text, to)];
  if (fromMinute === DAY_MINUTES) throw bad(text, "begins at 24:00, which is 00:00 of the next day");
  if (fromMinute === toMinute) throw bad(text, "begins and ends at one time (a whole day is 00:00-24:00)");
  return {
    days: daysOf(text, days.replaceAll(/\s/g, "")),
    fromMinute,
    toMinute: toMinute > fromMinute ? toMinute : toMinute + DAY_MINUTES,
  };
}

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** Days in the order of a week that begins on Monday; three and more in a row as a range. */
function daysWords(days: ReadonlySet<number>): string {
  const runs: number[][] = [];
  for (const [index, day] of MONDAY_FIRST.entries()) {
    if (!days.has(day)) continue;
    const run = runs.at(-1);
    if (run && index > 0 && run.at(-1) === MONDAY_FIRST[index - 1]) run.push(day);
    else runs.push([day]);
  }
  const name = (day: number | undefined) => DAY_NAMES[day ?? 0];
  return runs
    .map((run) => (run.length > 2 ? `${name(run[0])}-${name(run.at(-1))}` : run.map(name).join(",")))
    .join(",");
}

/** "Mon-Fri 19:00-07:00". */
const spanWords = ({ days, fromMinute, toMinute }: HoursSpan): string =>
  `${daysWords(days)} ${clock(fromMinute)}-${clock(toMinute > DAY_MINUTES ? toMinute - DAY_MINUTES : toMinute)}`;

/** "Mon-Fri 19:00-07:00; Sat,Sun 00:00-24:00 in Europe/Berlin". */
export const hoursText = ({ allow, timeZone }: WrittenHours): string => `${allow.join("; ")} in ${timeZone}`;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one takes longer than using it a hundred times. @throws RangeError for no time zone */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" },
  });
  formatters.set(timeZone, made);
  return made;
}

/**
 * Reads hours as people write them: days (all, if none are named) and two times of day; one that ends no later than it
 * begins passes midnight.
 * @throws OzoneError invalid_input, in one sentence
 */
export function parseHours(allow: readonly string[], timeZone: string): MachineHours {
  if (allow.length === 0 || allow.length > SPANS_MAX)
    throw new OzoneError(
      "invalid_input",
      `A machine's hours are 1 to ${SPANS_MAX} spans; ${allow.length} are given.`,
    );
  try {
    formatterOf(timeZone);
  } catch {
    throw new OzoneError(
      "invalid_input",
      `There is no time zone ${JSON.stringify(timeZone.slice(0, 64))}; give an IANA name, for example Europe/Berlin or UTC.`,
    );
  }
  const spans = allow.map(spanOf);
  return { allow: spans.map(spanWords), timeZone, spans };
}

/** Wall clock as if it were UTC, in whole minutes since 1970. */
function wallMinute({ timeZone }: WrittenHours, minute: number): number {
  const parts = { year: 0, month: 1, day: 1, hour: 0, minute: 0 };
  for (const { type, value } of formatterOf(timeZone).formatToParts(minute * MINUTE_MS))
    if (type in parts) parts[type as keyof typeof parts] = Number(value);
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) / MINUTE_MS;
}

/** 1970 began on a Thursday. */
const weekdayOf = (wall: number): number => (Math.floor(wall / DAY_MINUTES) + 4) % 7;

const covers = ({ spans }: MachineHours, wall: number): boolean => {
  const [day, minute] = [weekdayOf(wall), wall % DAY_MINUTES];
  return spans.some(
    ({ days, fromMinute, toMinute }) =>
      (days.has(day) && minute >= fromMinute && minute < toMinute) ||
      (days.has((day + 6) % 7) && minute + DAY_MINUTES < toMinute),
  );
};

const minuteAt = (at: Date): number => Math.floor(at.getTime() / MINUTE_MS);

/** Whether the wall clock is within one of the spans. An hour that autumn repeats is the same hour both times. */
export const isWithin = (hours: MachineHours, at: Date): boolean =>
  covers(hours, wallMinute(hours, minuteAt(at)));

/** Minutes from this time of day to the next at which a span begins or ends, or to midnight. */
function minutesToEdge({ spans }: MachineHours, wall: number): number {
  const minute = wall % DAY_MINUTES;
  const edges = spans.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute % DAY_MINUTES]);
  return Math.min(DAY_MINUTES, ...edges.filter((edge) => edge > minute)) - minute;
}

/** The first minute after `at` at which `isWithin` says something else; null: it never does. */
export function nextChange(hours: MachineHours, at: Date): Date | null {
  const start = minuteAt(at);
  const end = start + LOOK_AHEAD_MS / MINUTE_MS;
  let [minute, wall] = [start, wallMinute(hours, start)];
  const before = covers(hours, wall);
  while (minute < end) {
    const step = minutesToEdge(hours, wall);
    const next = wallMinute(hours, minute + step);
    // The clocks change on the way: minute by minute, since the edge comes sooner, later, twice or not at all.
    const walked = next - wall === step ? step : 1;
    minute += walked;
    wall = walked === step ? next : wallMinute(hours, minute);
    if (covers(hours, wall) !== before) return new Date(minute * MINUTE_MS);
  }
  return null;
}

/** Hours as stored, and the moment that they are held against. */
export interface HoursAt extends WrittenHours {
  readonly at: Date;
}

/** Undefined: a version that knows more wrote them, or a time zone that this one does not have. */
function readHours({ allow, timeZone }: WrittenHours): MachineHours | undefined {
  try {
    return parseHours(allow, timeZone);
  } catch {
    return undefined;
  }
}

/** Whether a machine may not be used now. Hours that can't be read let nothing in: they were made to keep something out. */
export function isOutside(written: HoursAt | null | undefined): boolean {
  if (!written) return false;
  const hours = readHours(written);
  return !hours || !isWithin(hours, written.at);
}

/** Why a machine with these hours (null: always) takes no trials now; null: it may be used. */
export function hoursReason(written: HoursAt | null | undefined): WaitReason | null {
  if (!written || !isOutside(written)) return null;
  const hours = readHours(written);
  const until = hours ? nextChange(hours, written.at) : null;
  return {
    kind: "hours",
    detail: written.timeZone,
    ...(until === null ? {} : { untilMs: until.getTime() }),
  };
}
