// Why a machine takes no trials now, in a form that programs and people read. Pure.

/** A closed list: what keeps a machine waiting. */
export type WaitKind =
  /** Somebody uses it, or did so a short time ago. */
  | "in_use"
  /** Whether somebody uses it can't be seen, and it is to work only while nobody does. */
  | "use_unknown"
  /** It has used up its time for trials. */
  | "budget"
  /** It may not be used at this time of the week; the detail is the time zone of its hours. */
  | "hours";

/** One reason. Times are epoch milliseconds. */
export interface WaitReason {
  readonly kind: WaitKind | (string & {});
  /** What was seen, in a few words without who: "keyboard". */
  readonly detail: string;
  /** Since when it waits. */
  readonly sinceMs?: number;
  /** When it will go on if nothing else happens. */
  readonly untilMs?: number;
}

const DAY_MS = 86_400_000;

/** "14:03 UTC", with its date when that is not of today. */
export function momentWords(atMs: number, nowMs: number): string {
  const text = new Date(atMs).toISOString();
  const sameDay = Math.floor(atMs / DAY_MS) === Math.floor(nowMs / DAY_MS);
  return `${sameDay ? "" : `${text.slice(0, 10)} `}${text.slice(11, 16)} UTC`;
}

/** "19:00 Europe/Berlin", with its date when that is not of today there; in UTC where the time zone is not known. */
function momentIn(timeZone: string, atMs: number, nowMs: number): string {
  try {
    const style = { dateStyle: "short", timeStyle: "short", timeZone } as const;
    const parts = new Intl.DateTimeFormat("sv-SE", style);
    const [date, time] = parts.format(atMs).split(" ");
    return `${date === parts.format(nowMs).split(" ")[0] ? "" : `${date} `}${time} ${timeZone}`;
  } catch {
    return momentWords(atMs, nowMs);
  }
}

/** "in use since 14:03 UTC (keyboard)". */
export function reasonWords({ kind, detail, sinceMs, untilMs }: WaitReason, nowMs: number): string {
  if (kind === "budget") {
    const again = untilMs === undefined ? "" : ` until ${momentWords(untilMs, nowMs)}`;
    return `${detail} used up${again}`;
  }
  if (kind === "hours") {
    const again = untilMs === undefined ? "" : ` until ${momentIn(detail, untilMs, nowMs)}`;
    return `outside its hours${again}`;
  }
  if (kind !== "in_use") return detail;
  const since = sinceMs === undefined ? "" : ` since ${momentWords(sinceMs, nowMs)}`;
  const until = untilMs === undefined ? "" : `; goes on at ${momentWords(untilMs, nowMs)} if nobody comes`;
  return `in use${since} (${detail})${until}`;
}

/** One line for people: "waits: in use since 14:03 UTC (keyboard)". */
export const waitWords = (reason: WaitReason, nowMs: number): string =>
  `waits: ${reasonWords(reason, nowMs)}`;
