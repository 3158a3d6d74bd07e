// When a schedule is due. Pure: the clock is the caller's. Times that a change to summer time leaves out are taken at the change;
// those that it repeats are taken once, unless the line says many times an hour.
import { OzoneError } from "@ozone/shared/errors";
import { Cron } from "croner";

/** What decides when. */
export interface Timing {
  readonly cron: string;
  readonly timeZone: string;
}

/** More occurrences than this are not told apart when nobody was there for them. */
const LOOK_BACK = 100;

const open = ({ cron, timeZone }: Timing): Cron =>
  new Cron(cron, { timezone: timeZone, paused: true, mode: "5-part" });

/** The next occurrence after this time; null: there is none. */
export const nextOccurrence = (timing: Timing, after: Date): Date | null => open(timing).nextRun(after);

/** Occurrences after `since` and not after `now`, oldest first, the newest hundred at most. */
export function occurrencesBetween(timing: Timing, since: Date, now: Date): Date[] {
  const cron = open(timing);
  // Asked every two seconds, and mostly there is none: looking back is a hundred times as dear as looking ahead.
  const next = cron.nextRun(since);
  if (next === null || next > now) return [];
  // The reference itself does not count as before it.
  const before = cron.previousRuns(LOOK_BACK, new Date(now.getTime() + 1));
  return before.filter((at) => at > since && at <= now).sort((a, b) => a.getTime() - b.getTime());
}

const isTimeZone = (name: string): boolean => {
  try {
    return Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
};

/** @throws OzoneError invalid_input with one sentence unless it means some time to come */
export function requireTiming(timing: Timing, now: Date): void {
  const { cron, timeZone } = timing;
  if (!isTimeZone(timeZone)) {
    throw new OzoneError(
      "invalid_input",
      `There is no time zone ${JSON.stringify(timeZone)}; give an IANA name, for example Europe/Berlin or UTC.`,
    );
  }
  let next: Date | null;
  try {
    next = nextOccurrence(timing, now);
  } catch (thrown) {
    const why =
      thrown instanceof Error ? thrown.message.replace(/^CronPattern: /, "").replace(/\.$/, "") : "";
    throw new OzoneError(
      "invalid_input",
      `${JSON.stringify(cron)} is no cron line (${why}); give minute, hour, day of the month, month and day of the week, for example "0 2 * * 6".`,
      { cause: thrown },
    );
  }
  if (next === null)
    throw new OzoneError(
      "invalid_input",
      `The cron line ${JSON.stringify(cron)} means no time that will ever come.`,
    );
}
