// What people do to schedules; each act is noted.
import type { SweepRequest } from "@ozone/proto/sweep";
import { isMachineName, MACHINE_NAME_WORDS } from "@ozone/shared/enrolment";
import { OzoneError } from "@ozone/shared/errors";
import { completeRequest } from "../planning/complete-request.ts";
import { noteAct } from "../store/acts.ts";
import type { Store } from "../store/open-store.ts";
import {
  findSchedule,
  insertSchedule,
  nowOf,
  removeSchedule as removeRows,
  type ScheduleRow,
  setSchedulePaused,
} from "../store/schedules.ts";
import { requireTiming } from "./occurrences.ts";
import { startOccurrence } from "./start-occurrence.ts";

/** What is asked for. */
export interface NewSchedule {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly request: SweepRequest;
  readonly windowMs: number;
  readonly lateMs: number;
}

/** Anything longer is no window, and no lateness either. */
const DURATION_MS_MAX = 31 * 86_400_000;

/** @throws OzoneError not_found */
export async function requireSchedule(store: Store, name: string): Promise<ScheduleRow> {
  const schedule = await findSchedule(store.db, name);
  if (schedule) return schedule;
  throw new OzoneError(
    "not_found",
    `There is no schedule ${JSON.stringify(name)}; \`ozone schedule list\` shows them.`,
  );
}

/**
 * Stores a schedule whose sweep could be started, as far as that can be told without machines.
 * @throws OzoneError invalid_input or already_exists with one sentence
 */
export async function createSchedule(store: Store, asked: NewSchedule, who: string): Promise<ScheduleRow> {
  const { name, windowMs, lateMs, request } = asked;
  if (!isMachineName(name)) throw new OzoneError("invalid_input", `A schedule's name ${MACHINE_NAME_WORDS}.`);
  if (windowMs > DURATION_MS_MAX || lateMs > DURATION_MS_MAX)
    throw new OzoneError("invalid_input", "A window, and how late a start may be, are at most 31 days.");
  requireTiming(asked, await nowOf(store.db));
  completeRequest(request);
  await store.db.transaction(async (tx) => {
    if (!(await insertSchedule(tx, asked)))
      throw new OzoneError(
        "already_exists",
        `There is a schedule ${name} already; remove it, or take another name.`,
      );
    const detail = `${asked.cron} ${asked.timeZone}`;
    await noteAct(tx, { who, what: "scheduled", about: name, detail });
  });
  return requireSchedule(store, name);
}

/** @throws OzoneError not_found */
export async function pauseSchedule(
  store: Store,
  name: string,
  { paused, who }: { readonly paused: boolean; readonly who: string },
): Promise<ScheduleRow> {
  await requireSchedule(store, name);
  await store.db.transaction(async (tx) => {
    if (await setSchedulePaused(tx, name, paused))
      await noteAct(tx, { who, what: paused ? "paused schedule" : "resumed schedule", about: name });
  });
  return requireSchedule(store, name);
}

/** Its sweeps stay. @throws OzoneError not_found */
export async function removeSchedule(store: Store, name: string, who: string): Promise<void> {
  await requireSchedule(store, name);
  await store.db.transaction(async (tx) => {
    if ((await findSchedule(tx, name, true)) === null) return;
    await removeRows(tx, name);
    await noteAct(tx, { who, what: "removed schedule", about: name });
  });
}

/**
 * Starts its sweep now.
 * @returns the sweep's id
 * @throws OzoneError not_found, or unavailable with why it can't be started
 */
export async function runSchedule(
  store: Store,
  name: string,
  { leaseMs, who }: { readonly leaseMs: number; readonly who: string },
): Promise<string> {
  const schedule = await requireSchedule(store, name);
  const because = "Started by hand.";
  const dueAt = await nowOf(store.db);
  await noteAct(store.db, { who, what: "ran schedule", about: name });
  const started = await startOccurrence(store, schedule, { leaseMs, dueAt, because });
  if (started?.sweepId) return started.sweepId;
  throw new OzoneError(
    "unavailable",
    started?.because ?? `${name} was started this very moment; look at it again.`,
  );
}
